import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@web/core/api';
import { Wishes } from './pressing';

test('a lost answer is asked for again under the same key, an answered wish under another', async () => {
  const wishes = new Wishes();
  const keys: string[] = [];
  const send = (wanted: string, status: number | null): Promise<void> =>
    wishes.send(wanted, async (key) => {
      keys.push(key);
      if (status !== null) throw new ApiError(status, { status });
    }).catch(() => undefined);
  await send('one', 0); // no answer came
  await send('one', 503);
  await send('other', null);
  await send('one', null);
  await send('one', 422); // refused: nothing was done under it
  await send('one', null);

  const [lost, again, other, at_last, next, mended] = keys;
  assert.equal(lost, again);
  assert.equal(lost, at_last);
  assert.equal(new Set([lost, other, next, mended]).size, 4);
});
