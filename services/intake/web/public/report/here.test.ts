import assert from 'node:assert/strict';
import { test } from 'node:test';
import { here, whereNow } from './here';

test('a position counts for two minutes', () => {
  const place = { lat: 11.94, lon: 108.43, accuracy_m: 12, source: 'device' as const };
  assert.equal(whereNow(0), null);
  here.value = { place, at: 1000 };
  assert.equal(whereNow(1000), place);
  assert.equal(whereNow(1000 + 120_000), place);
  assert.equal(whereNow(1000 + 120_001), null);
});
