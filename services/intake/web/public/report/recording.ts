/** Recordings on their way into a draft: finished ones, and those whose tab was closed. */
import { sha256, uuid } from '@web/core/ids';
import { type Recorded, rescue } from '../sound';
import { type Media, dropPieces, draftOf, finishRecording, mediaOf, unfinished } from '../store';
import { draft, media, readMedia, store } from './draft';
import { whereNow } from './here';

const ENDINGS: Record<string, string> = { 'audio/mp4': 'm4a', 'audio/webm': 'webm', 'audio/ogg': 'ogg' };

interface About {
  id?: string;
  draft_id: string;
  name: string;
  position: number;
  duration_ms?: number;
  began_at?: string;
}

/** Describe a sound as it is stored and sent; the place is where the device is. */
export async function soundOf(bytes: ArrayBuffer, type: string, about: About): Promise<Media> {
  const place = whereNow();
  return {
    id: about.id ?? uuid(), draft_id: about.draft_id, position: about.position, name: about.name,
    type: type.split(';')[0]!, kind: 'audio', bytes, sha256: await sha256(bytes),
    captured_at: about.began_at ?? null, lat: place?.lat ?? null, lon: place?.lon ?? null,
    accuracy_m: place?.accuracy_m ?? null, source: place ? 'device' : 'none',
    duration_ms: about.duration_ms ?? null, old: false,
  };
}

export const nextPosition = (held: readonly Media[]): number => Math.max(0, ...held.map((each) => each.position)) + 1;

/** Keep a recording: it joins its draft, which may have left the screen, and its pieces go in the same transaction. */
export async function keepRecording(done: Recorded, draftId: string): Promise<void> {
  const name = `ghi-am.${ENDINGS[done.type] ?? 'bin'}`;
  const made = await soundOf(done.bytes, done.type, { ...done, draft_id: draftId, name, position: nextPosition(await mediaOf(draftId)) });
  if (draftId === draft.value.id) await store();
  await finishRecording(made);
  await readMedia(draftId);
}

/** Take up what was being recorded for this draft when its tab was closed; how many there were. */
export async function takeUpRecordings(): Promise<number> {
  let found = 0;
  for (const pieces of await unfinished()) {
    const whole = await rescue(pieces);
    if (!whole) continue;
    const of = pieces[0]!.draft_id;
    if (of !== draft.value.id && (await draftOf(of))) continue; // another draft's: it waits for that one
    if (of !== draft.value.id || media.value.some((each) => each.id === whole.id)) await dropPieces(whole.id);
    else await keepRecording(whole, of);
    found += 1;
  }
  return found;
}
