/** A press on "take a number" whose answer never came: pressed again it asks for the same number. */
import { ApiError } from '@web/core/api';

export interface Press {
  desk: string;
  on: string; // the working day: a number of another day is another number
  key: string; // Idempotency-Key
  language: string; // as it was sent: the same key says the same
}

/** The press to send: the one that waits for its answer, else a fresh one. */
export function pressFor(waiting: Press | null, fresh: Press): Press {
  return waiting?.desk === fresh.desk && waiting.on === fresh.on ? waiting : fresh;
}

/** Say whether a failure is an answer: nothing was given out, and the next press is a new one. */
export function isAnswer(failed: unknown): boolean {
  return failed instanceof ApiError && failed.status >= 400 && failed.status < 500;
}
