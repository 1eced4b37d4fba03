import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { startLive } from './live';
import { signIn } from './session';

const NOBODY = { status: 401, type: 'urn:civic:problem:unauthorized' };
const OF = { account: 'u_1', username: 'a', display_name: '', role: 'officer', unit: 'ward_1', must_change_password: false };

const kept = new Map<string, string>();
Object.assign(globalThis, {
  document: { visibilityState: 'visible', addEventListener: () => undefined, removeEventListener: () => undefined, getElementById: () => null, cookie: '', documentElement: {} },
  sessionStorage: {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  },
});

const real = globalThis.fetch;
let good = '';
const streams: string[] = []; // the token that each stream was asked for with

function answer(body: object, status = 200): Response {
  return new Response(JSON.stringify(body), { status, headers: { 'Content-Type': 'application/json' } });
}

/** A city whose sessions end when `good` changes; its streams stay open. */
globalThis.fetch = async (url, init) => {
  const path = String(url);
  if (path.endsWith('/auth/token')) return answer({ ...OF, access_token: good, refresh_token: 'r' });
  if (path.endsWith('/auth/refresh')) return answer(NOBODY, 401);
  const token = new Headers(init?.headers).get('authorization')?.replace('Bearer ', '') ?? '';
  streams.push(token);
  if (token !== good) return answer(NOBODY, 401);
  const body = new ReadableStream({
    start: (control) => init!.signal!.addEventListener('abort', () => control.error(new Error('over'))),
  });
  return new Response(body, { headers: { 'Content-Type': 'text/event-stream' } });
};

async function until(true_: () => boolean, ms = 5000): Promise<void> {
  const end = Date.now() + ms;
  while (!true_() && Date.now() < end) await new Promise((done) => setTimeout(done, 10));
  assert.ok(true_());
}

afterEach(() => void streams.splice(0));

test('the stream comes back when somebody signs in again', async (run) => {
  good = 'first';
  await signIn('a', 'b');
  good = 'second';
  const end = startLive(true);
  run.after(end);
  await until(() => streams.length === 2); // turned away, and once more after a renewal that failed
  await signIn('a', 'b');
  await until(() => streams.at(-1) === 'second');
  assert.equal(streams.length, 3);
});

test('who signs out while a stream waits to begin again has none', async (run) => {
  good = 'third';
  const end = startLive(true);
  run.after(end);
  await until(() => streams.length === 1);
  end();
  await new Promise((done) => setTimeout(done, 1300)); // it would have begun after a second
  assert.equal(streams.length, 1);
  globalThis.fetch = real;
});
