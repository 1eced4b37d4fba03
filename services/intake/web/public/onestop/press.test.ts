import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@web/core/api';
import { type Press, isAnswer, pressFor } from './press';

const waiting: Press = { desk: 'land', on: '2026-12-01', key: 'k', language: 'vi' };

test('a press without an answer is sent again as it was, at its desk and on its day', () => {
  const fresh: Press = { ...waiting, key: 'fresh', language: 'en' };
  assert.equal(pressFor(waiting, fresh), waiting);
  assert.equal(pressFor(null, fresh), fresh);
  const elsewhere = { ...fresh, desk: 'social' };
  assert.equal(pressFor(waiting, elsewhere), elsewhere);
  const tomorrow = { ...fresh, on: '2026-12-02' };
  assert.equal(pressFor(waiting, tomorrow), tomorrow);
});

test('no answer, and a server that fails, leave it open whether there is a number', () => {
  for (const status of [0, 500, 502, 503]) assert.equal(isAnswer(new ApiError(status, { status })), false);
  for (const status of [404, 409, 422, 429]) assert.equal(isAnswer(new ApiError(status, { status })), true);
  assert.equal(isAnswer(new TypeError('network')), false);
});
