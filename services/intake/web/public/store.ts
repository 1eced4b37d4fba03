/** What the phone keeps until the server has it: drafts, media, what is on its way, receipts. */
import { type DBSchema, type IDBPDatabase, type IDBPTransaction, type StoreNames, openDB } from 'idb';
import { type ReceiptAnswer, type Sending, aged, needsPerson } from './logic/queue';

export interface Place {
  lat: number;
  lon: number;
  accuracy_m: number | null;
  source: 'device' | 'pin' | 'exif';
}

export interface Draft {
  id: string;
  step: number; // 1 to 4
  updated_at: number; // ms; 0 while it was never stored
  text: string;
  category: string | null;
  place: Place | null;
  address: string;
  area: string | null;
  reporter: { kind: string; name: string; phone: string; email: string; anonymity: string };
  terms: boolean;
  about_unit?: string | null;
  guessed?: boolean; // the category was taken from the text, nobody has pressed it
  lone: boolean; // looked at similar reports and wants a new one
}

/** Written once, never rewritten. Bytes, never a Blob: Safari loses Blobs out of IndexedDB. */
export interface Media {
  id: string;
  draft_id: string;
  position: number;
  name: string;
  type: string;
  kind: 'image' | 'audio';
  bytes: ArrayBuffer;
  sha256: string | null;
  captured_at: string | null;
  lat: number | null;
  lon: number | null;
  accuracy_m: number | null;
  source: 'exif' | 'device' | 'pin' | 'none';
  duration_ms: number | null;
  old: boolean; // taken more than a day before
}

export interface Receipt {
  code: string;
  draft_id: string;
  token: string;
  kind: 'own' | 'followed';
  at: number; // ms
  unseen?: boolean; // it arrived while nobody looked
  answer: ReceiptAnswer | null;
}

interface Civic extends DBSchema {
  drafts: { key: string; value: Draft };
  media: { key: string; value: Media; indexes: { draft: string } };
  outbox: { key: string; value: Sending };
  receipts: { key: string; value: Receipt };
  kept: { key: string; value: { id: string; value: unknown; at: number } };
}

let opened: Promise<IDBPDatabase<Civic>> | null = null;

function db(): Promise<IDBPDatabase<Civic>> {
  opened ??= open().catch((error: unknown) => {
    opened = null; // the next one who asks tries again
    throw error;
  });
  return opened;
}

async function open(): Promise<IDBPDatabase<Civic>> {
  return openDB<Civic>('civic', 1, {
    upgrade(fresh) {
      fresh.createObjectStore('drafts', { keyPath: 'id' });
      fresh.createObjectStore('media', { keyPath: 'id' }).createIndex('draft', 'draft_id');
      fresh.createObjectStore('outbox', { keyPath: 'draft_id' });
      fresh.createObjectStore('receipts', { keyPath: 'code' });
      fresh.createObjectStore('kept', { keyPath: 'id' });
    },
    blocking(_now, _next, event) {
      (event.target as IDBDatabase).close(); // a newer build in another tab wants to change the stores
      opened = null;
    },
    terminated() {
      opened = null;
    },
  });
}

/** Keep a draft and return when, in ms; null for one that was sent or dropped meanwhile (another
 tab, the worker): it does not come back. */
export async function saveDraft(draft: Draft): Promise<number | null> {
  const change = (await db()).transaction(['drafts', 'receipts'], 'readwrite');
  const sent = (await change.objectStore('receipts').getAll()).some((each) => each.draft_id === draft.id);
  const dropped = draft.updated_at > 0 && !(await change.objectStore('drafts').get(draft.id));
  const at = sent || dropped ? null : Date.now();
  await Promise.all([at && change.objectStore('drafts').put({ ...draft, updated_at: at }), change.done]);
  return at;
}

export async function drafts(): Promise<Draft[]> {
  const found = await (await db()).getAll('drafts');
  const going = new Set(await (await db()).getAllKeys('outbox'));
  return found.filter((each) => !going.has(each.id)).sort((a, b) => b.updated_at - a.updated_at);
}

export const draftOf = async (id: string): Promise<Draft | undefined> => (await db()).get('drafts', id);

export async function mediaOf(draftId: string): Promise<Media[]> {
  const found = await (await db()).getAllFromIndex('media', 'draft', draftId);
  return found.sort((a, b) => a.position - b.position);
}

/** Keep what belongs to a draft; false when that is frozen, sent or dropped. */
export async function addMedia(media: Media): Promise<boolean> {
  const change = (await db()).transaction(['drafts', 'media', 'outbox'], 'readwrite');
  const takes = await isOpen(change, media.draft_id);
  await Promise.all([takes && change.objectStore('media').add(media), change.done]);
  void navigator.storage?.persist?.();
  return takes;
}

type Change = IDBPTransaction<Civic, StoreNames<Civic>[], 'readwrite'>;

/** Say whether a draft still takes files: it is there, and "Gửi" was not pressed. */
async function isOpen(change: Change, draftId: string): Promise<boolean> {
  const [draft, frozen] = await Promise.all([change.objectStore('drafts').getKey(draftId), change.objectStore('outbox').getKey(draftId)]);
  return draft !== undefined && frozen === undefined;
}

/** One second of a recording that is going on; pieces are rows of their own, written once. */
export interface Piece {
  recording: string; // the id that the recording will have among the media
  draft_id: string;
  nth: number;
  type: string;
  began_at: number; // ms
  until: number; // ms
  bytes: ArrayBuffer;
}

const pieceKey = (recording: string, nth: number): string => `sound:${recording}:${String(nth).padStart(5, '0')}`;
const piecesOf = (recording: string): IDBKeyRange => IDBKeyRange.bound(`sound:${recording}:`, `sound:${recording}:~`);

export async function keepPiece(piece: Piece): Promise<void> {
  await (await db()).put('kept', { id: pieceKey(piece.recording, piece.nth), value: piece, at: piece.until });
}

/** Every recording that was never brought to its end: its pieces in their order. */
export async function unfinished(): Promise<Piece[][]> {
  const rows = await (await db()).getAll('kept', IDBKeyRange.bound('sound:', 'sound:~'));
  const found = new Map<string, Piece[]>();
  for (const { value } of rows) {
    const piece = value as Piece;
    found.set(piece.recording, [...(found.get(piece.recording) ?? []), piece]);
  }
  return [...found.values()];
}

/** A recording has ended: it joins the media of a draft that takes it and its pieces go, in one transaction. */
export async function finishRecording(media: Media): Promise<void> {
  const change = (await db()).transaction(['drafts', 'media', 'outbox', 'kept'], 'readwrite');
  const takes = await isOpen(change, media.draft_id);
  await Promise.all([takes && change.objectStore('media').put(media), change.objectStore('kept').delete(piecesOf(media.id)), change.done]);
}

export const dropPieces = async (recording: string): Promise<void> => (await db()).delete('kept', piecesOf(recording));

/** Take a photo or a sound away; false when a frozen report names it: that one's parts never change. */
export async function removeMedia(id: string): Promise<boolean> {
  const change = (await db()).transaction(['media', 'outbox'], 'readwrite');
  const found = await change.objectStore('media').get(id);
  const frozen = found && (await change.objectStore('outbox').getKey(found.draft_id)) !== undefined;
  if (!frozen) await change.objectStore('media').delete(id);
  await change.done;
  return !frozen;
}

/** Forget a draft and its media; false for a report that is on its way: that one stays, unless it
 waits for a person, who says so (`stuck`). */
export async function removeDraft(id: string, stuck = false): Promise<boolean> {
  const change = (await db()).transaction(['drafts', 'media', 'outbox'], 'readwrite');
  const sending = await change.objectStore('outbox').get(id);
  const goes = !sending || (stuck && needsPerson(aged(sending, Date.now())));
  if (goes) {
    const media = await change.objectStore('media').index('draft').getAllKeys(id);
    await Promise.all([
      change.objectStore('drafts').delete(id),
      change.objectStore('outbox').delete(id),
      ...media.map((each) => change.objectStore('media').delete(each)),
    ]);
  }
  await change.done;
  return goes;
}

/** Put a frozen report on its way; false when another tab has done so, has its receipt or has dropped it. */
export async function enqueue(sending: Sending): Promise<boolean> {
  const change = (await db()).transaction(['drafts', 'outbox', 'receipts'], 'readwrite');
  const sent = (await change.objectStore('receipts').getAll()).some((each) => each.draft_id === sending.draft_id);
  const goes = !sent && (await isOpen(change, sending.draft_id));
  await Promise.all([goes && change.objectStore('outbox').put(sending), change.done]);
  return goes;
}

/** Everything that is on its way, as it stands now: what is a week old waits for a person. */
export async function outbox(): Promise<Sending[]> {
  return (await (await db()).getAll('outbox')).map((each) => aged(each, Date.now()));
}

export const sendingOf = async (id: string): Promise<Sending | undefined> => (await db()).get('outbox', id);

/** Change a sending that is still there; null when it has gone. */
export async function changeSending(id: string, change: (now: Sending) => Sending | null): Promise<Sending | null> {
  const transaction = (await db()).transaction('outbox', 'readwrite');
  const found = await transaction.store.get(id);
  const changed = found ? change(found) : null;
  if (changed) await transaction.store.put(changed);
  await transaction.done;
  return changed;
}

/** Take a sending back to a draft, so that it can be mended; its next key is a new one. */
export const takeBack = async (id: string): Promise<void> => (await db()).delete('outbox', id);

/** The server has it: keep the receipt and forget the rest, in one transaction. */
export async function settle(draftId: string, receipt: Receipt): Promise<void> {
  const change = (await db()).transaction(['drafts', 'media', 'outbox', 'receipts'], 'readwrite');
  const media = await change.objectStore('media').index('draft').getAllKeys(draftId);
  await Promise.all([
    change.objectStore('receipts').put(receipt),
    change.objectStore('drafts').delete(draftId),
    change.objectStore('outbox').delete(draftId),
    ...media.map((each) => change.objectStore('media').delete(each)),
    change.done,
  ]);
}

export const keepReceipt = async (receipt: Receipt): Promise<unknown> => (await db()).put('receipts', receipt);
export const receiptOf = async (code: string): Promise<Receipt | undefined> => (await db()).get('receipts', code);
/** Somebody has looked at a receipt; false when that was known. */
export async function markSeen(code: string): Promise<boolean> {
  const change = (await db()).transaction('receipts', 'readwrite');
  const found = await change.store.get(code);
  if (found?.unseen) await change.store.put({ ...found, unseen: false });
  await change.done;
  return Boolean(found?.unseen);
}

export const removeReceipt = async (code: string): Promise<void> => (await db()).delete('receipts', code);

export async function receipts(): Promise<Receipt[]> {
  return (await (await db()).getAll('receipts')).sort((a, b) => b.at - a.at);
}

export async function receiptOfDraft(draftId: string): Promise<Receipt | undefined> {
  return (await receipts()).find((each) => each.draft_id === draftId);
}

/** Keep public data for when there is no network: categories, areas. */
export async function keep(id: string, value: unknown): Promise<void> {
  await (await db()).put('kept', { id, value, at: Date.now() });
}

export async function kept<T>(id: string): Promise<T | null> {
  const found = await (await db()).get('kept', id);
  return found ? (found.value as T) : null;
}

/** Say whether there is room for more; browsers without an estimate are believed. */
export async function hasRoom(bytes: number): Promise<boolean> {
  const { usage = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  return !quota || usage + bytes < quota * 0.8;
}
