/** Keeps what is on its way moving while a page is open, and tells the screens how far it is. */
import { signal } from '@preact/signals';
import { language } from '@web/core/i18n';
import { type Sending, confirmed, nextWake } from './logic/queue';
import { byRequest, sendDue } from './sender';
import { type Receipt, changeSending, drafts, markSeen, outbox, receipts } from './store';

export const going = signal<Sending[]>([]);
export const progress = signal<Record<string, number>>({}); // 0 to 1, by draft
export const unseen = signal<Receipt[]>([]); // they arrived while nobody looked
export const openDrafts = signal(0);
export const storeless = signal(false); // this browser keeps nothing: a private tab, or storage is blocked
export const news = signal(0); // counts what other tabs have said

const STORELESS_MS = 30_000;
let timer: ReturnType<typeof setTimeout> | undefined;
let running = false;
let again = false;
const channel = typeof BroadcastChannel === 'undefined' ? null : new BroadcastChannel('civic-outbox');

/** Read the outbox again: another tab or the worker may have moved it. Never throws. */
export async function refresh(): Promise<void> {
  try {
    going.value = await outbox();
    openDrafts.value = (await drafts()).length;
    unseen.value = (await receipts()).filter((each) => each.unseen);
    storeless.value = false;
  } catch {
    storeless.value = true;
  }
}

/** Tell the other tabs what has become of a report here. */
export function tell(what: 'sent' | 'seen' | 'frozen' | 'dropped' | 'confirmed'): void {
  channel?.postMessage(what);
}

/** A receipt has been on the screen: no strip speaks of it any more, in no tab. */
export async function seen(code: string): Promise<void> {
  if (!(await markSeen(code).catch(() => false))) return;
  await refresh();
  tell('seen');
}

/** "As it is, send it": what was refused or has waited a week goes out, as it was frozen. */
export async function sendAsIs(draftId: string): Promise<void> {
  await changeSending(draftId, (now) => confirmed(now, Date.now()));
  await refresh();
  tell('confirmed');
  void askBackground(draftId);
  await push(true);
}

/** Try what is due. `nudged`: the network seems to be back, or somebody asked. */
export async function push(nudged: boolean): Promise<void> {
  if (running) {
    again = again || nudged;
    return;
  }
  running = true;
  clearTimeout(timer);
  let wake: { release(): Promise<void> } | null = null;
  try {
    await refresh();
    if (going.value.length) wake = await screenOn();
    const watch = setInterval(() => void refresh(), 400);
    const codes = await sendDue(byRequest, language.value, nudged, (id, part) => (progress.value = { ...progress.value, [id]: part })).finally(() => clearInterval(watch));
    if (codes.length) tell('sent');
  } catch {
    storeless.value = true; // only the store fails: what it keeps is tried again later
  } finally {
    running = false;
    await wake?.release().catch(() => undefined);
    await refresh();
  }
  if (again) {
    again = false;
    return push(true);
  }
  const wait = nextWake(going.value, Date.now());
  if (wait !== null) timer = setTimeout(() => void push(false), Math.max(storeless.value ? STORELESS_MS : 500, wait));
}

/** A phone that sleeps stops sending; while something is on its way the screen stays on. */
async function screenOn(): Promise<{ release(): Promise<void> } | null> {
  try {
    return (await navigator.wakeLock?.request('screen')) ?? null;
  } catch {
    return null;
  }
}

/** Call once: sends at load, when the network comes back, and when the page is looked at again. */
export function startOutgoing(): void {
  const nudge = (): void => void push(true);
  addEventListener('online', nudge);
  addEventListener('pageshow', nudge);
  document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && nudge());
  channel?.addEventListener('message', () => void refresh().then(() => (news.value += 1)));
  navigator.serviceWorker?.addEventListener('message', () => void refresh());
  nudge();
}

/** Ask the browser to send when the page is gone, where it can. */
export async function askBackground(draftId: string): Promise<void> {
  try {
    const registration = (await navigator.serviceWorker?.ready) as unknown as { sync?: { register(tag: string): Promise<void> } };
    await registration.sync?.register(`send:${draftId}`);
  } catch {
    // no background sync here: the page sends when it is open
  }
}
