/** What a press does: one thing at a time, and under one key until it was answered. */
import { useRef, useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { uuid } from '@web/core/ids';

/** After a step its button stands for the next one; the second half of a double press is none. */
export const SLIP_MS = 600;

export type Press = (act: () => Promise<void>) => Promise<void>;

/** Whether something is being done, and how to do it: what is pressed meanwhile is not done.

 `restMs` more must pass after it where the same place then means something else. */
export function usePress(restMs = 0): [boolean, Press] {
  const running = useRef(false); // two presses may come before the next paint
  const [busy, setBusy] = useState(false);
  const press = async (act: () => Promise<void>): Promise<void> => {
    if (running.current) return;
    running.current = true;
    setBusy(true);
    try {
      await act();
      if (restMs) await new Promise((done) => setTimeout(done, restMs));
    } finally {
      running.current = false;
      setBusy(false);
    }
  };
  return [busy, press];
}

/** The keys of what was wished for: one until an answer came, so that a lost one doubles nothing. */
export class Wishes {
  private readonly keys = new Map<string, string>();

  /** Send a wish under its key; `wanted` says what it is, with all that is sent. */
  async send<T>(wanted: string, send: (key: string) => Promise<T>): Promise<T> {
    const key = this.keys.get(wanted) ?? uuid();
    this.keys.set(wanted, key);
    try {
      const answer = await send(key);
      this.keys.delete(wanted);
      return answer;
    } catch (error) {
      const refused = error instanceof ApiError && error.status >= 400 && error.status < 500;
      if (refused) this.keys.delete(wanted);
      throw error;
    }
  }
}

export function useWishes(): Wishes {
  const kept = useRef<Wishes | null>(null);
  return (kept.current ??= new Wishes());
}
