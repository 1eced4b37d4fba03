/** What happens to a report on its way out, as pure rules: no clock, no network, no storage. */

export type SendingState = 'waiting' | 'sending' | 'review' | 'stale';

/** A frozen report. Its bytes, its key and the order of its media never change any more. */
export interface Sending {
  draft_id: string;
  key: string; // Idempotency-Key: a secret, since a replay hands out the tracking token again
  body: ArrayBuffer; // the report's JSON, serialised once
  media: { id: string; name: string; type: string }[];
  created_at: number; // ms
  attempts: number;
  next_at: number; // ms; not before
  state: SendingState;
  lease_until: number; // ms; where there are no Web Locks
  language?: 'vi' | 'en'; // its sender's: refusals come in it, also when a worker sends
  confirmed_at?: number; // ms; when its sender said that it still holds
  problem?: { code: string; words: string; errors: { field: string; code: string; detail: string }[] };
}

export type Outcome =
  | { kind: 'sent'; receipt: ReceiptAnswer; replayed: boolean }
  | { kind: 'retry'; afterS: number | null; why: 'network' | 'busy' | 'server' }
  | { kind: 'review'; problem: NonNullable<Sending['problem']> };

export interface ReceiptAnswer {
  code: string;
  tracking_token: string;
  received_at: string;
  due_at: string;
  promise: { vi: string; en: string };
  [more: string]: unknown;
}

const STEPS_S = [2, 5, 15, 60, 300, 900];
const TOO_OLD_MS = 7 * 86_400_000;
const IN_PROGRESS_S = 3;
const CODE = /^[A-Z]+-[2-9A-HJKMNP-Z]{4}-[2-9A-HJKMNP-Z]{4}$/;
const ALPHABET = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';

/** Say whether this is a code of ours: its last character checks the others. */
export function validCode(code: string): boolean {
  if (!CODE.test(code)) return false;
  const body = code.split('-').slice(-2).join('');
  let total = 0;
  for (let i = 0; i < body.length - 1; i += 1) total += (i + 2) * ALPHABET.indexOf(body[i]!);
  return ALPHABET[total % ALPHABET.length] === body[body.length - 1];
}

/** Return a code as we write it from what somebody typed, or null when it cannot be one. */
export function readCode(typed: string): string | null {
  const compact = typed.toUpperCase().replace(/[\s-]/g, '');
  const code = `${compact.slice(0, -8)}-${compact.slice(-8, -4)}-${compact.slice(-4)}`;
  return validCode(code) ? code : null;
}

/** Read an answer. Whatever is not our JSON is the network's: a hotel's sign-in page says 200. */
export function judge(status: number, type: string, body: string, retryAfter: string | null, replayed: boolean): Outcome {
  const after = retryAfter && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  const json = /\bjson\b/.test(type) ? parse(body) : null;
  if (status === 201 && json && typeof json['code'] === 'string' && validCode(json['code']) && typeof json['tracking_token'] === 'string') {
    return { kind: 'sent', receipt: json as unknown as ReceiptAnswer, replayed };
  }
  if (status === 409) return { kind: 'retry', afterS: after ?? IN_PROGRESS_S, why: 'busy' };
  if (status === 408 || status === 425 || status === 429) return { kind: 'retry', afterS: after, why: 'busy' };
  if (status >= 500) return { kind: 'retry', afterS: after, why: 'server' };
  if (status >= 400 && json && String(json['type']).startsWith('urn:civic:problem:')) {
    const errors = Array.isArray(json['errors']) ? json['errors'] : [];
    const code = String(json['type']).replace('urn:civic:problem:', '');
    return { kind: 'review', problem: { code, words: String(json['detail'] ?? ''), errors } };
  }
  return { kind: 'retry', afterS: after, why: 'network' };
}

function parse(body: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(body);
    return value && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** Return what a sending becomes after a try that did not succeed. `random` is from 0 to 1. */
export function after(sending: Sending, outcome: Exclude<Outcome, { kind: 'sent' }>, now: number, random: number): Sending {
  if (outcome.kind === 'review') return { ...sending, state: 'review', problem: outcome.problem, lease_until: 0 };
  const attempts = sending.attempts + 1;
  const step = STEPS_S[Math.min(sending.attempts, STEPS_S.length - 1)]!;
  const wait = outcome.afterS ?? step * random; // full jitter; what the server asks for wins
  const state: SendingState = tooOld(sending, now) ? 'stale' : 'waiting';
  return { ...sending, attempts, state, next_at: now + wait * 1000, lease_until: 0 };
}

const tooOld = (sending: Sending, now: number): boolean => now - (sending.confirmed_at ?? sending.created_at) > TOO_OLD_MS;

/** Say whether somebody has to decide: it was refused, or it is so old that it may be over. */
export const needsPerson = (sending: Sending): boolean => sending.state === 'review' || sending.state === 'stale';

/** What a sending becomes when a person says "as it is, send it": due again, with its key and its bytes. */
export function confirmed(sending: Sending, now: number): Sending {
  return { ...sending, state: 'waiting', attempts: 0, next_at: now, confirmed_at: now, problem: undefined };
}

/** A sending as it stands now: what has waited for a week asks its person, however it was left. */
export function aged(sending: Sending, now: number): Sending {
  return tooOld(sending, now) && !needsPerson(sending) ? { ...sending, state: 'stale' } : sending;
}

/** Say whether a sending is to be tried now. `nudged`: the network seems to be back. */
export function isDue(sending: Sending, now: number, nudged: boolean): boolean {
  if (needsPerson(sending) || tooOld(sending, now)) return false;
  return nudged || sending.next_at <= now;
}

/** Milliseconds until the next sending wants a try; null when none does. */
export function nextWake(all: readonly Sending[], now: number): number | null {
  const times = all.filter((each) => each.state === 'waiting' || each.state === 'sending').map((each) => Math.max(0, each.next_at - now));
  return times.length ? Math.min(...times) : null;
}
