import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Figures, type Heard, type OpenCase, advanced, after, byShare, clustered, freshness, markOf, replayIn, worst } from './model';

const NOW = Date.parse('2026-11-24T10:00:00+07:00');
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();
const open = (code: string, due: number): OpenCase => ({ code, state: 'assigned', category: null, unit: null, area: null, due_at: at(due), lat: null, lon: null });

test('a screen says by itself how old it is', () => {
  assert.deepEqual([1, 6, 31, 301].map((s) => freshness(NOW - s * 1000, NOW)), ['live', 'quiet', 'stale', 'dead']);
});

test('the last second is not overdue', () => {
  assert.equal(markOf(open('A', 0), NOW), 'soon');
  assert.equal(markOf(open('A', -1), NOW), 'overdue');
  assert.equal(markOf(open('A', 61), NOW), 'open');
});

test('the worst are those that are longest over their time', () => {
  assert.deepEqual(worst([open('A', -5), open('B', -90), open('C', 5)], NOW, 5).map((each) => each.code), ['B', 'A']);
});

test('a unit with too few cases for a share does not stand among the worst', () => {
  const row = (unit: string, share: number | null, overdue = 0): Figures & { unit: string } => ({ unit, total: 9, open: 1, overdue, due_within_hour: 0, directives_open: 0, directives_overdue: 0, resolved: 0, on_time: 0, on_time_share: share, satisfaction: null });
  assert.deepEqual(byShare([row('a', 0.9), row('b', null, 4), row('c', 0.5)], 5).map((each) => each.unit), ['c', 'a', 'b']);
});

test('the newest snapshot wins and what is done leaves the map', () => {
  const event = (state: string): Heard => ({ id: '1', type: 'case.assigned.v1', subject: 'A', time: '', data: { case: { state, due_at: at(5), place: { lat: 1, lon: 2 } } } });
  const one = after(new Map(), event('assigned'));
  assert.equal(one.get('A')?.lat, 1);
  assert.equal(after(one, event('resolved')).size, 0);
  const other: Heard = { ...event('assigned'), type: 'deadline.set.v1' };
  assert.equal(after(one, other), one);
});

test('clusters count every case once', () => {
  const points = Array.from({ length: 100 }, (_, n) => ({ x: (n * 37) % 900, y: (n * 53) % 500, mark: (['open', 'soon', 'overdue'] as const)[n % 3]! }));
  const total = clustered(points, 60).reduce((sum, each) => sum + each.open + each.soon + each.overdue, 0);
  assert.equal(total, 100);
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
