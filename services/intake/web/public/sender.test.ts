import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byFetch } from './sender';

test('a try of the worker ends by itself: it would keep the lock from every page', async () => {
  let signal: AbortSignal | null | undefined;
  const real = globalThis.fetch;
  globalThis.fetch = async (_url, options) => {
    signal = options?.signal;
    return new Response('{}', { status: 201, headers: { 'content-type': 'application/json' } });
  };
  try {
    const reply = await byFetch(new FormData(), 'key', 'vi', () => undefined);
    assert.equal(reply.status, 201);
    assert.ok(signal instanceof AbortSignal);
  } finally {
    globalThis.fetch = real;
  }
});
