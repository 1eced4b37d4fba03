import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { ApiError, call } from './api';

const JSON_HEAD = { headers: { 'Content-Type': 'application/json' } };

function answered(body: (signal: AbortSignal) => BodyInit): void {
  mock.method(globalThis, 'fetch', async (_url: string, init: RequestInit) => new Response(body(init.signal!), JSON_HEAD));
}

test('an answer of which only the head comes is none, in the end', async (run) => {
  run.mock.timers.enable({ apis: ['setTimeout'] });
  answered((signal) => new ReadableStream({
    start: (control) => signal.addEventListener('abort', () => control.error(signal.reason)),
  }));
  const asked = call('desk/cases').catch((error: unknown) => error);
  for (let n = 0; n < 20; n += 1) {
    await new Promise((done) => setImmediate(done));
    run.mock.timers.tick(10_000);
  }
  const found = await asked;
  assert.ok(found instanceof ApiError && found.offline);
});

test('half an answer is none', async () => {
  answered(() => '{"items": [');
  const found = await call('desk/cases').catch((error: unknown) => error);
  assert.ok(found instanceof ApiError && found.offline);
});
