/** What is told to everybody in the desk: the time, and that cases have changed. */
import { signal } from '@preact/signals';
import { readConfig } from '@web/core/config';
import { type StreamState, follow } from '@web/core/sse';
import { renewals, streamToken } from './session';

export const now = signal(Date.now());
export const connection = signal<StreamState>('connecting');

type Listener = (code: string | null) => void; // null: anything may have changed
const listeners = new Set<Listener>();
const POLL_MS = 10_000;
const RENEW_MS = 1000;

/** Be told of changes until the returned function is called. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell(code: string | null): void {
  for (const each of listeners) each(code);
}

/** Follow the stream of the desk, if there is one; while it is away, ask every ten seconds. */
export function startLive(streamed: boolean): () => void {
  const clock = setInterval(() => (now.value = Date.now()), 15_000);
  const poll = setInterval(() => connection.value !== 'live' && document.visibilityState === 'visible' && tell(null), POLL_MS);
  const end = streamed ? followDesk() : () => undefined;
  return () => {
    end();
    clearInterval(clock);
    clearInterval(poll);
  };
}

/** The stream: turned away it renews the session once, then waits until somebody has signed in. */
function followDesk(): () => void {
  let turnedAway = false;
  let waits = false;
  let again: ReturnType<typeof setTimeout> | undefined;
  let end = (): void => undefined;
  const start = (): void => {
    end = follow({
      url: `${readConfig().notify}/api/v1/desk/stream`,
      token: () => streamToken(turnedAway),
      rests: true,
      onEvent: (event) => tell(codeIn(event.data)),
      onState: (state, status) => {
        const before = connection.value;
        connection.value = state;
        if (state === 'live' && before !== 'live') tell(null); // what happened in between
        if (state === 'live') turnedAway = false;
        if (status !== 401) return;
        if (turnedAway) waits = true;
        else again = setTimeout(start, RENEW_MS);
        turnedAway = true;
      },
    });
  };
  const stop = renewals.subscribe(() => {
    if (!waits) return;
    waits = turnedAway = false;
    start();
  });
  start();
  return () => {
    clearTimeout(again);
    stop();
    end();
  };
}

function codeIn(data: string): string | null {
  try {
    const told = JSON.parse(data) as { code?: string; subject?: string };
    return told.code ?? told.subject ?? null;
  } catch {
    return null;
  }
}
