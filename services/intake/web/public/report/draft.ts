/** The draft that is being written: in memory for the screen, in IndexedDB for everything else. */
import { computed, signal } from '@preact/signals';
import { time } from '@web/core/dates';
import { language, t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { catalogue, categoryOf } from '../catalogue';
import { askBackground, going, push, refresh, tell } from '../outgoing';
import { factsOf } from '../photo';
import { type Draft, type Media, addMedia, draftOf, drafts, enqueue, keep, kept, mediaOf, receiptOfDraft, removeDraft, removeMedia, saveDraft, sendingOf, takeBack } from '../store';
import { here } from './here';
import { isPreparing } from './preparing';

const SAVE_MS = 700;
export const LAST_STEP = 4;
// who I am and how visible, as with the last report of this device; never a name or an address
let usual = { kind: 'resident', anonymity: 'open' };

export function fresh(): Draft {
  return {
    id: uuid(), step: 1, updated_at: 0, text: '', category: null, place: null, address: '', area: null,
    reporter: { name: '', phone: '', email: '', ...usual }, terms: false, lone: false,
  };
}

export const draft = signal<Draft>(fresh());
export const media = signal<Media[]>([]);
export const savedAt = signal<string>('');
export const restored = signal<string>('');
export const frozen = computed(() => going.value.some((each) => each.draft_id === draft.value.id)); // "Gửi" was pressed in another tab
export const category = computed(() => categoryOf(draft.value.category));
let timer: ReturnType<typeof setTimeout> | undefined;
let changed = false; // here, since it was stored: what another tab has written is not written over

/** Say whether the draft on the screen holds nothing yet. */
export const empty = (each: Draft): boolean => !each.text && !each.category && !each.place && !each.address && !media.value.length && !isPreparing(each.id);

/** Take up the newest draft, unless the address asks for something; then that is taken up. */
export async function restore(): Promise<void> {
  usual = (await kept<typeof usual>('usual')) ?? usual;
  if (ASKS.test(location.search)) return;
  const [newest] = await drafts();
  if (newest) await show(newest);
  else if (empty(draft.value)) changeReporterQuietly();
}

const ASKS = /[?&](category|draft)=/;

/** What the address asks for: a kept draft, or a new report about something; true when it did. */
export async function takeAddress(): Promise<boolean> {
  if (!ASKS.test(location.search)) return false;
  const asked = new URLSearchParams(location.search);
  history.replaceState(null, '', location.pathname);
  const id = asked.get('draft');
  if (id) return takeUp(id);
  await setAside();
  change({ category: asked.get('category'), about_unit: asked.get('about_unit') });
  return true;
}

/** Bring a kept draft back to the screen; false when it is not there any more. */
export async function takeUp(id: string): Promise<boolean> {
  if (id === draft.value.id) {
    await lookAgain();
    return true;
  }
  const found = await draftOf(id);
  if (!found || (await sendingOf(id))) return false;
  await setAside();
  await show(found);
  return true;
}

/** What was frozen becomes a draft again: mended it is another report, with a key of its own. */
export async function mend(id: string): Promise<void> {
  const found = await draftOf(id);
  if (!found) return;
  await setAside();
  await show({ ...found, step: LAST_STEP }); // before it leaves the outbox: its receipt's page then finds it here
  restored.value = '';
  await takeBack(id);
  await store();
  await refresh();
}

/** Take up what another tab has made of the draft on the screen; what was written here stays. */
export async function lookAgain(): Promise<void> {
  const { id, updated_at: at } = draft.value;
  if (!at || changed) return;
  const [found, receipt] = await Promise.all([draftOf(id), receiptOfDraft(id)]);
  if (id !== draft.value.id || changed || receipt) return; // "Gửi" shows the receipt
  if (!found) clear();
  else if (found.updated_at > at) await show({ ...found, step: draft.value.step });
}

/** Keep what is on the screen for later, and show an empty report. */
async function setAside(): Promise<void> {
  await saveNow();
  clear();
}

async function show(found: Draft): Promise<void> {
  changed = false;
  draft.value = found;
  await readMedia(found.id);
  const { takeUpRecordings } = await import('./recording');
  await takeUpRecordings().catch(() => 0);
  restored.value = empty(found) ? '' : time(found.updated_at);
}

function clear(): void {
  clearTimeout(timer);
  draft.value = fresh();
  media.value = [];
  changed = false;
  savedAt.value = restored.value = '';
}

/** Change the draft; it is stored within a second. */
export function change(part: Partial<Draft>): void {
  draft.value = { ...draft.value, ...part };
  changed = true;
  clearTimeout(timer);
  timer = setTimeout(() => void saveNow(), SAVE_MS);
}

function changeReporterQuietly(): void {
  draft.value = { ...draft.value, reporter: { ...draft.value.reporter, ...usual } };
}

export function changeReporter(part: Partial<Draft['reporter']>): void {
  change({ reporter: { ...draft.value.reporter, ...part } });
}

/** Store at once what was changed here: before the camera or a file picker opens, since phones kill
 pages behind them. What cannot be stored stays on the screen. */
export async function saveNow(): Promise<void> {
  clearTimeout(timer);
  if (empty(draft.value) && draft.value.step === 1) return;
  if (changed || !draft.value.updated_at) await store().catch(refresh);
}

/** Store the draft on the screen; throws when this browser or a full device refuses. */
export async function store(): Promise<void> {
  const now = draft.value;
  changed = false;
  const at = await saveDraft(now).catch((error: unknown) => {
    changed = draft.value.id === now.id;
    throw error;
  });
  if (!at || draft.value.id !== now.id) return;
  draft.value = { ...draft.value, updated_at: at };
  noteSaved();
}

function noteSaved(): void {
  savedAt.value = time(Date.now());
}

export async function goStep(step: number): Promise<void> {
  draft.value = { ...draft.value, step };
  await lookAgain().catch(() => undefined); // a step alone writes over nothing that is newer
  changed = true;
  await saveNow();
}

/** Keep a photo or a sound in its draft, which may have left the screen; false when that takes none any more. */
export async function keepMedia(made: Media): Promise<boolean> {
  if (made.draft_id === draft.value.id) await store(); // it needs a draft to belong to
  const takes = await addMedia(made);
  await readMedia(made.draft_id);
  return takes;
}

/** Show the media of a draft as they are stored, if it is the one on the screen. */
export async function readMedia(draftId: string): Promise<void> {
  const found = await mediaOf(draftId);
  if (draftId !== draft.value.id) return;
  media.value = found;
}

/** Take a photo or a sound away; false when the report is on its way with it. */
export async function dropMedia(id: string): Promise<boolean> {
  const gone = await removeMedia(id);
  if (gone) media.value = media.value.filter((each) => each.id !== id);
  return gone;
}

/** Throw a draft away: the one on the screen, or another that is kept; false when it is on its way.
 `stuck`: also a report that waits for a person, who says so. */
export async function discard(id = draft.value.id, stuck = false): Promise<boolean> {
  if (id === draft.value.id) clearTimeout(timer); // nothing is stored behind its back
  const gone = await removeDraft(id, stuck);
  if (gone && id === draft.value.id) clear();
  await refresh();
  tell('dropped');
  return gone;
}

/** Freeze the report and put it on its way; returns the draft's id. The network comes afterwards.
 What another tab has sent meanwhile is not sent again: its receipt is there. */
export async function freeze(): Promise<string> {
  const now = draft.value;
  if (await receiptOfDraft(now.id)) {
    await discard(now.id);
    return now.id;
  }
  await store();
  const files = await mediaOf(now.id);
  const body = new TextEncoder().encode(JSON.stringify(reportOf(now, files)));
  await enqueue({
    draft_id: now.id, key: uuid(), body: body.buffer as ArrayBuffer, media: files.map(({ id, name, type }) => ({ id, name, type })),
    created_at: Date.now(), attempts: 0, next_at: 0, state: 'waiting', lease_until: 0, language: language.value,
  });
  usual = { kind: now.reporter.kind, anonymity: now.reporter.anonymity };
  await keep('usual', usual).catch(() => undefined);
  if (draft.value.id === now.id) clear();
  here.value = null; // the next report may be of another place
  await refresh();
  tell('frozen');
  void askBackground(now.id);
  void push(true);
  return now.id;
}

/** The body of POST /reports. */
export function reportOf(now: Draft, files: readonly Media[]): object {
  const { reporter } = now;
  const anonymous = reporter.anonymity === 'anonymous';
  const said = (words: string): string | undefined => (anonymous || !words.trim() ? undefined : words.trim());
  return {
    text: now.text.trim(),
    category: now.category ?? undefined,
    location: now.place || now.address ? { lat: now.place?.lat, lon: now.place?.lon, accuracy_m: now.place?.accuracy_m ?? undefined, address: now.address || undefined } : undefined,
    area: now.area ?? undefined,
    about_unit: now.about_unit ?? undefined,
    captured_at: files.find((each) => each.captured_at)?.captured_at ?? undefined,
    terms: { accepted: now.terms, version: catalogue.value?.terms.version },
    media: files.map(factsOf),
    reporter: { kind: reporter.kind, name: said(reporter.name), phone: said(reporter.phone), email: said(reporter.email), language: language.value, anonymity: reporter.anonymity },
  };
}

export interface Wrong {
  step: number;
  target: string;
  readonly words: string; // of the language that is read now
}

const wrong = (step: number, target: string, key: string): Wrong => ({ step, target, get words() { return t(key); } });

/** What is still missing, in the order of the steps. */
export function wrongs(now: Draft, files: readonly Media[]): Wrong[] {
  const found: Wrong[] = [];
  const chosen = categoryOf(now.category);
  if (!files.length && chosen?.evidence.report === 'required') found.push(wrong(1, 'take-photo', 'wrong.evidence'));
  if (!now.place && !now.address.trim() && !now.area) found.push(wrong(2, 'address', 'wrong.place'));
  if (!now.text.trim()) found.push(wrong(3, 'text', 'wrong.text'));
  if (!now.category) found.push(wrong(3, 'category-search', 'wrong.category'));
  return [...found, ...wrongsOfPerson(now)];
}

function wrongsOfPerson(now: Draft): Wrong[] {
  const { name, phone, email, anonymity } = now.reporter;
  const named = anonymity !== 'anonymous';
  const found: Wrong[] = [];
  if (categoryOf(now.category)?.identity === 'required' && (!named || !(name.trim() || phone.trim() || email.trim()))) {
    found.push(wrong(4, named ? 'name' : 'anonymity-confidential', 'wrong.identity'));
  }
  if (named && phone.trim() && !/^\+?[0-9][0-9 .()-]{6,18}[0-9]$/.test(phone.trim())) found.push(wrong(4, 'phone', 'wrong.phone'));
  if (named && email.trim() && !/^\S+@\S+\.\S+$/.test(email.trim())) found.push(wrong(4, 'email', 'wrong.email'));
  if (!now.terms) found.push(wrong(4, 'terms', 'wrong.terms'));
  return found;
}
