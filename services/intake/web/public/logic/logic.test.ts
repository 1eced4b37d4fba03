import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTexts, t } from '@web/core/i18n';
import en from '../i18n/en.json';
import { readExif } from './exif';
import { groupOf, inOrder } from './mapped';
import { type Sending, after, aged, confirmed, isDue, judge, nextWake, readCode, validCode } from './queue';
import { guess, speaksOfDanger, suggest } from './suggest';
import { tokenIn } from './token';

const sending: Sending = { draft_id: 'd', key: 'k', body: new ArrayBuffer(0), media: [], created_at: 0, attempts: 0, next_at: 0, state: 'waiting', lease_until: 0 };
const code = 'DL-2222-2222';

test('the check character finds every wrong letter', () => {
  const alphabet = '23456789ABCDEFGHJKMNPQRSTUVWXYZ';
  const good = [...alphabet].filter((each) => validCode(`DL-7K3Q-9M2${each}`));
  assert.equal(good.length, 1);
  const right = `DL-7K3Q-9M2${good[0]}`;
  assert.equal(readCode(` ${right.toLowerCase().replaceAll('-', ' ')} `), right);
  assert.equal(readCode('DL-7K3Q'), null);
  for (const other of alphabet) if (other !== '7') assert.equal(validCode(right.replace('7', other)), false);
});

const made = (() => {
  for (const last of '23456789ABCDEFGHJKMNPQRSTUVWXYZ') if (validCode(code.slice(0, -1) + last)) return code.slice(0, -1) + last;
  throw new Error('no code');
})();
const receipt = JSON.stringify({ code: made, tracking_token: 't', received_at: '', due_at: '', promise: {} });
const problem = JSON.stringify({ type: 'urn:civic:problem:invalid_report', detail: 'x', errors: [{ field: 'terms', code: 'c', detail: 'd' }] });

const TABLE: [string, Parameters<typeof judge>, string][] = [
  ['a receipt', [201, 'application/json', receipt, null, false], 'sent'],
  ['a receipt with a wrong check character', [201, 'application/json', receipt.replace(made, 'DL-2222-222X'), null, false], 'retry'],
  ['a receipt that is cut off', [201, 'application/json', receipt.slice(0, -4), null, false], 'retry'],
  ['a sign-in page of a hotel', [200, 'text/html', '<html>', null, false], 'retry'],
  ['a 201 that is a page', [201, 'text/html', receipt, null, false], 'retry'],
  ['JSON of somebody else', [200, 'application/json', '{"ok":true}', null, false], 'retry'],
  ['in progress', [409, 'application/problem+json', problem, '7', false], 'retry'],
  ['too many', [429, 'application/problem+json', problem, null, false], 'retry'],
  ['away', [503, 'application/problem+json', problem, '5', false], 'retry'],
  ['wrong field', [422, 'application/problem+json', problem, null, false], 'review'],
  ['too large', [413, 'application/problem+json', problem, null, false], 'review'],
  ['a 404 of a proxy', [404, 'text/html', '<html>', null, false], 'retry'],
  ['no answer', [0, '', '', null, false], 'retry'],
];
for (const [name, given, kind] of TABLE) test(`judge: ${name} → ${kind}`, () => assert.equal(judge(...given).kind, kind));

test('retries wait longer and longer, and what the server asks for wins', () => {
  let now = sending;
  const waits: number[] = [];
  for (let n = 0; n < 8; n += 1) {
    now = after(now, { kind: 'retry', afterS: null, why: 'network' }, 0, 1);
    waits.push(now.next_at / 1000);
  }
  assert.deepEqual(waits, [2, 5, 15, 60, 300, 900, 900, 900]);
  assert.equal(after(sending, { kind: 'retry', afterS: 7, why: 'busy' }, 1000, 0.1).next_at, 8000);
  assert.equal(now.key, 'k');
});

test('what needs a person is not tried again by itself, and a week is the end', () => {
  const review = after(sending, { kind: 'review', problem: { code: 'c', words: '', errors: [] } }, 0, 1);
  assert.equal(isDue(review, 1e12, true), false);
  assert.equal(after(sending, { kind: 'retry', afterS: null, why: 'network' }, 8 * 86_400_000, 1).state, 'stale');
  assert.equal(isDue({ ...sending, next_at: 500 }, 100, false), false);
  assert.equal(isDue({ ...sending, next_at: 500 }, 100, true), true);
  assert.equal(nextWake([{ ...sending, next_at: 500 }, { ...review, next_at: 1 }], 100), 400);
  assert.equal(nextWake([], 0), null);
});

test('what has waited a week asks first, also when the network is there', () => {
  const now = 8 * 86_400_000;
  for (const nudged of [true, false]) assert.equal(isDue(sending, now, nudged), false);
  for (const state of ['waiting', 'sending'] as const) assert.equal(aged({ ...sending, state }, now).state, 'stale');
  assert.equal(nextWake([aged(sending, now)], now), null);
  assert.equal(aged(confirmed(sending, now), now).state, 'waiting');
  assert.equal(aged(sending, 86_400_000).state, 'waiting');
  assert.equal(aged({ ...sending, state: 'review' }, now).state, 'review');
});

test('a person makes due what was refused or has waited a week, with the same key and bytes', () => {
  const now = 30 * 86_400_000;
  const review = after(sending, { kind: 'review', problem: { code: 'c', words: 'x', errors: [] } }, 0, 1);
  const stale = after(sending, { kind: 'retry', afterS: null, why: 'network' }, now, 1);
  assert.equal(stale.state, 'stale');
  for (const each of [review, stale]) {
    const again = confirmed(each, now);
    assert.equal(isDue(again, now, false), true);
    assert.equal(again.key, sending.key);
    assert.equal(again.body, sending.body);
    assert.equal(again.problem, undefined);
    // it has another week: the next failure does not end it at once
    assert.equal(after(again, { kind: 'retry', afterS: null, why: 'network' }, now + 1000, 1).state, 'waiting');
    assert.equal(after(again, { kind: 'retry', afterS: null, why: 'network' }, now + 8 * 86_400_000, 1).state, 'stale');
  }
});

const CATEGORIES = [
  { id: 'urban_order', limit_hours: 2, keywords: ['vỉa hè', 'lấn chiếm vỉa hè'] },
  { id: 'environment', limit_hours: 4, keywords: ['rác', 'rác thải'] },
];
test('a category is taken from a text only when it speaks of one more than of any other', () => {
  assert.equal(guess('Rác tràn ra đường', CATEGORIES), 'environment');
  assert.equal(guess('Quan nhau lan chiem via he, bo rac day duong', CATEGORIES), 'urban_order');
  assert.equal(guess('bác sĩ', CATEGORIES), null);
  assert.equal(guess('', CATEGORIES), null);
  const level = CATEGORIES.map((each) => ({ ...each, keywords: ['rác'] }));
  assert.equal(guess('rác', level), null);
});

test('suggestions need no accents and no network', () => {
  assert.deepEqual(suggest('Quan nhau lan chiem via he, bo rac day duong', CATEGORIES), ['urban_order', 'environment']);
  assert.deepEqual(suggest('RÁC thải tràn', CATEGORIES), ['environment']);
  assert.deepEqual(suggest('bác sĩ', CATEGORIES), []);
});

test('danger is heard with and without accents', () => {
  assert.ok(speaksOfDanger('Có tai nạn ở ngã năm, người bị thương'));
  assert.ok(speaksOfDanger('dang chay lon'));
  assert.ok(!speaksOfDanger('Rác tràn ra đường'));
});

/** A JPEG with an APP1 of our making: little endian, one date, one place in the south-west. */
function picture(little: boolean): ArrayBuffer {
  const bytes = new Uint8Array(300);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xffd8);
  view.setUint16(2, 0xffe1);
  view.setUint16(4, 290);
  bytes.set([0x45, 0x78, 0x69, 0x66, 0, 0], 6);
  const base = 12;
  view.setUint16(base, little ? 0x4949 : 0x4d4d);
  view.setUint16(base + 2, 42, little);
  view.setUint32(base + 4, 8, little);
  const entry = (at: number, tag: number, type: number, count: number, value: number): void => {
    view.setUint16(at, tag, little);
    view.setUint16(at + 2, type, little);
    view.setUint32(at + 4, count, little);
    if (type === 3) view.setUint16(at + 8, value, little);
    else view.setUint32(at + 8, value, little);
  };
  const words = (at: number, text: string): void => bytes.set([...text].map((c) => c.charCodeAt(0)), base + at);
  view.setUint16(base + 8, 3, little);
  entry(base + 10, 0x0112, 3, 1, 6);
  entry(base + 22, 0x8769, 4, 1, 60);
  entry(base + 34, 0x8825, 4, 1, 110);
  view.setUint16(base + 60, 1, little);
  entry(base + 62, 0x9003, 2, 20, 80);
  words(80, '2026:11:24 14:03:09');
  view.setUint16(base + 110, 4, little);
  entry(base + 112, 1, 2, 2, 0);
  words(120, 'S');
  entry(base + 124, 2, 5, 3, 170);
  entry(base + 136, 3, 2, 2, 0);
  words(144, 'W');
  entry(base + 148, 4, 5, 3, 200);
  for (const [at, d, m, s] of [[170, 11, 30, 36], [200, 108, 15, 0]] as const) {
    [d, m, s].forEach((value, n) => {
      view.setUint32(base + at + n * 8, value, little);
      view.setUint32(base + at + n * 8 + 4, 1, little);
    });
  }
  return bytes.buffer;
}

for (const little of [true, false]) {
  test(`EXIF is read in ${little ? 'little' : 'big'} endian, and damage gives nulls`, () => {
    const found = readExif(picture(little));
    assert.equal(found.taken_at, '2026-11-24T14:03:09+07:00');
    assert.equal(found.orientation, 6);
    assert.ok(Math.abs(found.lat! + 11.51) < 1e-9);
    assert.ok(Math.abs(found.lon! + 108.25) < 1e-9);
    for (let cut = 0; cut < 300; cut += 1) readExif(picture(little).slice(0, cut));
    assert.equal(readExif(new ArrayBuffer(10)).lat, null);
  });
}

test('a token is found in whatever was pasted, and nothing else is one', () => {
  const token = 'aB3-_9xQ';
  for (const typed of [token, ` ${token}\n`, `#${token}`, `#t=${token}`, `https://example.com/r/${code}#${token}`]) assert.equal(tokenIn(typed), token);
  for (const typed of ['', '#', '#t=', 'đường dẫn', `https://example.com/r/${code}`, 'a b']) assert.equal(tokenIn(typed), '');
});

const mapped = (mark: string, state: string, received_at: string, lon?: number) => ({ geometry: lon === undefined ? null : { coordinates: [lon, 11.94] as [number, number] }, properties: { mark, state, received_at } });

test('overdue comes first, then soon, open, done; then what is near, or else new', () => {
  const all = [mapped('done', 'closed', '9', 108), mapped('open', 'assigned', '1', 108.1), mapped('open', 'assigned', '2', 108.2), mapped('open', 'accepted', '3'), mapped('soon', 'assigned', '0', 109), mapped('overdue', 'assigned', '0', 109)];
  const said = (here: { lat: number; lon: number } | null): string => inOrder(all, here).map((each) => `${groupOf(each.properties)}${each.properties.received_at}`).join(' ');
  assert.equal(said(null), 'overdue0 soon0 open3 open2 open1 done9');
  assert.equal(said({ lat: 11.94, lon: 108 }), 'overdue0 soon0 open1 open2 open3 done9');
});

test('one is one in English', () => {
  setTexts('en', en);
  assert.equal(t('photo.added', { n: 1 }), 'Added, 1 file now');
  assert.equal(t('photo.added', { n: 2 }), 'Added, 2 files now');
});
