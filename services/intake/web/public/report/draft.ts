/** The draft that is being written: in memory for the screen, in IndexedDB for everything else. */
import { computed, signal } from '@preact/signals';
import { time } from '@web/core/dates';
import { language, t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { catalogue, categoryOf } from '../catalogue';
import { askBackground, push, refresh } from '../outgoing';
import { type Draft, type Media, type Place, addMedia, draftOf, drafts, enqueue, keep, kept, mediaOf, receiptOfDraft, removeDraft, removeMedia, saveDraft, sendingOf, takeBack } from '../store';

const SAVE_MS = 700;
const LAST_STEP = 4;
// who I am and how visible, as with the last report of this device; never a name or an address
let usual = { kind: 'resident', anonymity: 'open' };

export function fresh(): Draft {
  return {
    id: uuid(), step: 1, updated_at: Date.now(), text: '', category: null, place: null, address: '', area: null,
    reporter: { name: '', phone: '', email: '', ...usual }, terms: false, lone: false,
  };
}

export const draft = signal<Draft>(fresh());
export const media = signal<Media[]>([]);
export const savedAt = signal<string>('');
export const restored = signal<string>('');
export const here = signal<Place | null>(null); // where the device is, while photos are taken
export const category = computed(() => categoryOf(draft.value.category));
let timer: ReturnType<typeof setTimeout> | undefined;

export const empty = (each: Draft): boolean => !each.text && !each.category && !each.place && !each.address && !media.value.length;

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
  if (id === draft.value.id) return true;
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
  await takeBack(id);
  await saveDraft({ ...found, step: LAST_STEP });
  await show({ ...found, step: LAST_STEP });
  restored.value = '';
  await refresh();
}

/** Keep what is on the screen for later, and show an empty report. */
async function setAside(): Promise<void> {
  await saveNow();
  clear();
}

async function show(found: Draft): Promise<void> {
  draft.value = found;
  media.value = await mediaOf(found.id);
  const { takeUpRecordings } = await import('./recording');
  await takeUpRecordings().catch(() => 0);
  restored.value = empty(found) ? '' : time(found.updated_at);
}

function clear(): void {
  clearTimeout(timer);
  draft.value = fresh();
  media.value = [];
  savedAt.value = restored.value = '';
}

/** Change the draft; it is stored within a second. */
export function change(part: Partial<Draft>): void {
  draft.value = { ...draft.value, ...part };
  clearTimeout(timer);
  timer = setTimeout(() => void saveNow(), SAVE_MS);
}

function changeReporterQuietly(): void {
  draft.value = { ...draft.value, reporter: { ...draft.value.reporter, ...usual } };
}

export function changeReporter(part: Partial<Draft['reporter']>): void {
  change({ reporter: { ...draft.value.reporter, ...part } });
}

/** Store at once: before the camera or a file picker opens, since phones kill pages behind them. */
export async function saveNow(): Promise<void> {
  clearTimeout(timer);
  if (empty(draft.value) && draft.value.step === 1) return;
  await saveDraft(draft.value);
  savedAt.value = time(Date.now());
}

export function noteSaved(): void {
  savedAt.value = time(Date.now());
}

export async function goStep(step: number): Promise<void> {
  draft.value = { ...draft.value, step };
  await saveNow();
}

export async function keepMedia(made: Media): Promise<void> {
  await saveDraft(draft.value);
  await addMedia(made);
  media.value = [...media.value, made];
  savedAt.value = time(Date.now());
}

export async function dropMedia(id: string): Promise<void> {
  await removeMedia(id);
  media.value = media.value.filter((each) => each.id !== id);
}

/** Throw a draft away: the one on the screen, or another that is kept. */
export async function discard(id = draft.value.id): Promise<void> {
  if (id === draft.value.id) clear();
  await removeDraft(id);
  await refresh();
}

/** Freeze the report and put it on its way; returns the draft's id. The network comes afterwards.
 What another tab has sent meanwhile is not sent again: its receipt is there. */
export async function freeze(): Promise<string> {
  const now = draft.value;
  if (await receiptOfDraft(now.id)) {
    await discard();
    return now.id;
  }
  await saveNow();
  const files = await mediaOf(now.id);
  const body = new TextEncoder().encode(JSON.stringify(reportOf(now, files)));
  await enqueue({
    draft_id: now.id, key: uuid(), body: body.buffer as ArrayBuffer, media: files.map(({ id, name, type }) => ({ id, name, type })),
    created_at: Date.now(), attempts: 0, next_at: 0, state: 'waiting', lease_until: 0, language: language.value,
  });
  usual = { kind: now.reporter.kind, anonymity: now.reporter.anonymity };
  await keep('usual', usual).catch(() => undefined);
  clear();
  await refresh();
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
    media: files.map((each) => ({
      name: each.name, sha256: each.sha256 ?? undefined, kind: each.kind, captured_at: each.captured_at ?? undefined,
      lat: each.lat ?? undefined, lon: each.lon ?? undefined, accuracy_m: each.accuracy_m ?? undefined, source: each.source, duration_ms: each.duration_ms ?? undefined,
    })),
    reporter: { kind: reporter.kind, name: said(reporter.name), phone: said(reporter.phone), email: said(reporter.email), language: language.value, anonymity: reporter.anonymity },
  };
}

export interface Wrong {
  step: number;
  target: string;
  words: string;
}

/** What is still missing, in the order of the steps. */
export function wrongs(now: Draft, files: readonly Media[]): Wrong[] {
  const found: Wrong[] = [];
  const chosen = categoryOf(now.category);
  if (!files.length && chosen?.evidence.report === 'required') found.push({ step: 1, target: 'take-photo', words: t('wrong.evidence') });
  if (!now.place && !now.address.trim() && !now.area) found.push({ step: 2, target: 'address', words: t('wrong.place') });
  if (!now.text.trim()) found.push({ step: 3, target: 'text', words: t('wrong.text') });
  if (!now.category) found.push({ step: 3, target: 'category-search', words: t('wrong.category') });
  return [...found, ...wrongsOfPerson(now)];
}

function wrongsOfPerson(now: Draft): Wrong[] {
  const { name, phone, email, anonymity } = now.reporter;
  const named = anonymity !== 'anonymous';
  const found: Wrong[] = [];
  if (categoryOf(now.category)?.identity === 'required' && (!named || !(name.trim() || phone.trim() || email.trim()))) {
    found.push({ step: 4, target: named ? 'name' : 'anonymity-confidential', words: t('wrong.identity') });
  }
  if (named && phone.trim() && !/^\+?[0-9][0-9 .()-]{6,18}[0-9]$/.test(phone.trim())) found.push({ step: 4, target: 'phone', words: t('wrong.phone') });
  if (named && email.trim() && !/^\S+@\S+\.\S+$/.test(email.trim())) found.push({ step: 4, target: 'email', words: t('wrong.email') });
  if (!now.terms) found.push({ step: 4, target: 'terms', words: t('wrong.terms') });
  return found;
}
