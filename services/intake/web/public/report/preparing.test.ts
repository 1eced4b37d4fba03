import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPreparing, prepare, prepared } from './preparing';

/** A promise that is ended by hand. */
function pending(): { promise: Promise<void>; end: () => void; fail: () => void } {
  let end = (): void => undefined;
  let fail = (): void => undefined;
  const promise = new Promise<void>((resolve, reject) => { end = resolve; fail = () => reject(new Error('unreadable')); });
  return { promise, end, fail };
}

test('a draft is prepared when all that was begun for it has ended, well or not', async () => {
  const [photo, sound, other] = [pending(), pending(), pending()];
  const works = [prepare('a', () => photo.promise), prepare('a', () => sound.promise), prepare('b', () => other.promise)];
  let ready = false;
  const waiting = prepared('a').then(() => (ready = true));
  photo.end();
  await works[0];
  assert.equal(ready, false);
  assert.equal(isPreparing('a'), true);
  sound.fail();
  await assert.rejects(works[1]!);
  await waiting;
  assert.equal(isPreparing('a'), false);
  assert.equal(isPreparing('b'), true); // another draft holds nobody up
  other.end();
  await works[2];
});

test('nothing in work is no wait, and what begins meanwhile is waited for', async () => {
  await prepared('c');
  const [first, second] = [pending(), pending()];
  const one = prepare('c', () => first.promise);
  const waiting = prepared('c');
  const two = prepare('c', () => second.promise);
  first.end();
  await one;
  assert.equal(isPreparing('c'), true);
  second.end();
  await Promise.all([two, waiting]);
  assert.equal(isPreparing('c'), false);
});
