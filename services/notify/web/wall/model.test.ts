import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { paced } from '@web/core/pace';
import { setTexts, t } from '@web/core/i18n';
import { clustered, sizeOf, touching } from './clusters';
import en from './i18n/en.json';
import {
  type Figures, type Heard, type OpenCase, after, byShare, feedAt, freshness, markOf, nextTurn,
  lateByUnit, openCase, toldOf,
} from './model';
import { nightBetween } from './renew';
import { advanced, hourAt, hourBefore, localOf, queryOf, replayIn, stepped } from './replay';
import { leafOf } from './turning';

const NOW = Date.parse('2026-11-24T10:00:00+07:00');
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
const open = (code: string, due: number): OpenCase => openCase({ code, state: 'assigned', category: null, unit: null, area: null, channel: 'web', due_at: at(due), lat: null, lon: null });

test('a screen says by itself how old it is', () => {
  assert.deepEqual([1, 6, 31, 301].map((s) => freshness(NOW - s * 1000, NOW)), ['live', 'quiet', 'stale', 'dead']);
});

test('the last second is not overdue', () => {
  assert.equal(markOf(open('A', 0), NOW), 'soon');
  assert.equal(markOf(open('A', -1), NOW), 'overdue');
  assert.equal(markOf(open('A', 61), NOW), 'open');
});

test('the map is drawn again when a case comes to its last hour, and when it is overdue', () => {
  assert.equal(nextTurn([], NOW), Infinity);
  for (const [due, turn] of [[90, NOW + 30 * 60_000], [5, NOW + 5 * 60_000 + 1], [-5, Infinity]] as const) {
    const found = nextTurn([open('A', due)], NOW);
    assert.equal(found, turn);
    if (found < Infinity) assert.notEqual(markOf(open('A', due), found), markOf(open('A', due), found - 1));
  }
});

test('a unit stands with all that is over its time, since the first of it', () => {
  const of = (unit: string | null, due: number): OpenCase => ({ ...open(`${unit}${due}`, due), unit });
  const cases = [of('ward_1', -5), of('ward_2', -60), of('ward_1', -90), of('ward_3', 5), of(null, -7)];
  assert.deepEqual(
    lateByUnit(cases, NOW, 2),
    [{ unit: 'ward_1', many: 2, since: NOW - 90 * 60_000 }, { unit: 'ward_2', many: 1, since: NOW - 3_600_000 }],
  );
  assert.deepEqual(lateByUnit(cases, NOW, 9).map((each) => each.unit), ['ward_1', 'ward_2', null]);
  assert.deepEqual(lateByUnit([of('ward_1', 0)], NOW, 2), []);
});

test('whatever the feed tells has words in both languages', () => {
  const { components } = JSON.parse(readFileSync('docs/asyncapi.json', 'utf8')) as { components: { messages: Record<string, { name: string }> } };
  const told = Object.values(components.messages).map((each) => each.name).filter((type) => toldOf({ type }));
  assert.ok(told.length > 20);
  for (const language of ['vi', 'en']) {
    const words = JSON.parse(readFileSync(`services/notify/web/wall/i18n/${language}.json`, 'utf8')) as Record<string, string>;
    assert.deepEqual(told.filter((type) => !words[`event.${type.replace(/\.v\d+$/, '')}`]), []);
  }
});

test('of many questions at once two are asked: the first, and one when it is answered', async () => {
  const answers: (() => void)[] = [];
  const pace = paced(() => new Promise((done) => answers.push(done)), () => 0);
  const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 20));
  for (let n = 0; n < 5; n += 1) pace.soon();
  await turn();
  for (let n = 0; n < 5; n += 1) pace.soon();
  await turn();
  assert.equal(answers.length, 1);
  answers[0]!();
  await turn();
  assert.equal(answers.length, 2);
  answers[1]!();
  await turn();
  assert.equal(answers.length, 2);
  pace.end();
});

test('four in the morning, city time, is once a day', () => {
  const city = (time: string): number => Date.parse(`2026-11-24T${time}+07:00`);
  assert.ok(nightBetween(city('03:59'), city('04:00')));
  assert.ok(!nightBetween(city('04:00'), city('23:59')));
});

test('a unit with too few cases for a share does not stand among the worst', () => {
  const row = (unit: string, share: number | null, overdue = 0): Figures & { unit: string } => ({ unit, total: 9, open: 1, overdue, due_within_hour: 0, directives_open: 0, directives_overdue: 0, resolved: 0, on_time: 0, on_time_share: share, satisfaction: null });
  assert.deepEqual(byShare([row('a', 0.9), row('b', null, 4), row('c', 0.5)]).map((each) => each.unit), ['c', 'a', 'b']);
});

test('the newest snapshot wins and what is done leaves the map', () => {
  const event = (state: string): Heard => ({ id: '1', type: 'case.assigned.v1', subject: 'A', time: '', data: { case: { state, due_at: at(5), place: { lat: 1, lon: 2 } } } });
  const one = after(new Map(), [event('assigned')]);
  assert.equal(one.get('A')?.lat, 1);
  assert.equal(after(one, [event('resolved')]).size, 0);
  assert.equal(after(one, [event('resolved'), event('assigned')]).size, 1);
  const other: Heard = { ...event('assigned'), type: 'deadline.set.v1' };
  assert.equal(after(one, [other]), one);
});

test('of a coordinated case the approved date counts', () => {
  const said = (dates: Record<string, unknown>): Heard => ({ id: '1', type: 'case.coordination_approved.v1', subject: 'A', time: '', data: { case: { state: 'assigned', ...dates } } });
  const mark = (dates: Record<string, unknown>): string => markOf(after(new Map(), [said(dates)]).get('A')!, NOW);
  assert.equal(mark({ due_at: at(-5), expected_at: at(600) }), 'open');
  assert.equal(mark({ due_at: at(600), expected_at: at(-5) }), 'overdue');
  assert.equal(mark({ due_at: at(-5), expected_at: null }), 'overdue');
});

test('rings count every case once, and none touches another, however many cases they hold', () => {
  for (const count of [2, 100, 3000]) {
    const points = Array.from({ length: count }, (_, n) => ({ x: (n * 37) % 900, y: (n * 53) % 500, mark: (['open', 'soon', 'overdue'] as const)[n % 3]! }));
    const rings = clustered(points, 64);
    assert.equal(rings.reduce((sum, each) => sum + sizeOf(each), 0), count);
    assert.ok(!rings.some((a, m) => rings.some((b, n) => m < n && touching(a, b))), 'two rings touch');
    assert.equal(new Set(rings.map((each) => each.key)).size, rings.length);
  }
});

test('a replay runs from the URL, stops at its end and never shows the future', () => {
  assert.equal(replayIn('', NOW), null);
  assert.equal(replayIn('?from=2026-11-24T11:00:00%2B07:00', NOW), null);
  const replay = replayIn('?from=2026-11-24T09:00:00%2B07:00&speed=60', NOW)!;
  assert.equal(replay.until, NOW);
  assert.equal(advanced(replay, 1000).at, Date.parse('2026-11-24T09:01:00+07:00'));
  assert.deepEqual([advanced(replay, 9e6).at, advanced(replay, 9e6).paused], [NOW, true]);
  assert.equal(advanced({ ...replay, paused: true }, 1000).at, replay.at);
});

test('a replay is its URL, and steps go on into the hours beside it', () => {
  const replay = { ...hourBefore(NOW), at: NOW - 600_000, paused: true };
  assert.deepEqual(replayIn(queryOf(replay), NOW), replay);
  assert.equal(stepped(replay, 300_000, NOW).at, NOW - 300_000);
  assert.equal(stepped(replay, 9_000_000, NOW).at, NOW);
  const earlier = stepped(replay, -3_600_000, NOW);
  assert.deepEqual([earlier.at, earlier.from, earlier.until], [NOW - 4_200_000, NOW - 7_200_000, NOW - 3_600_000]);
});

test('a long list is turned over page by page, and begins anew', () => {
  const rows = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const seen = [0, 1, 2, 3].map((turns) => leafOf(rows, 3, turns));
  assert.deepEqual(seen.map((each) => each.rows.join('')), ['abc', 'def', 'g', 'abc']);
  assert.deepEqual([seen[2]!.page, seen[2]!.pages], [3, 3]);
  assert.deepEqual(leafOf([], 3, 5), { rows: [], page: 1, pages: 1 });
});

test('an hour is chosen in the time of the city, and not in the future', () => {
  assert.equal(localOf(Date.parse('2026-11-24T09:05:00+07:00')), '2026-11-24T09:05');
  assert.equal(hourAt('2026-11-24T08:30', NOW)?.from, Date.parse('2026-11-24T08:30:00+07:00'));
  assert.equal(hourAt(localOf(NOW - 600_000), NOW)?.until, NOW);
  assert.equal(hourAt(localOf(NOW + 600_000), NOW), null);
  assert.equal(hourAt('', NOW), null);
});

test('a past feed holds nothing of what came later', () => {
  const event = (id: string, minutes: number): Heard => ({ id, type: 'case.assigned.v1', subject: 'A', time: at(minutes), data: {} });
  const events = [event('1', -30), event('2', -20), event('3', -10)];
  assert.deepEqual(feedAt(events, NOW - 15 * 60_000, 4).map((each) => each.id), ['2', '1']);
  assert.deepEqual(feedAt([{ ...event('4', -20), type: 'deadline.set.v1' }], NOW, 4), []);
});

test('one is one in English', () => {
  setTexts('en', en);
  assert.deepEqual([1, 2].map((n) => t('wall.cases', { n })), ['1 case', '2 cases']);
  assert.match(t('wall.map', { n: 1, overdue: 0 }), /1 open report,/);
});
