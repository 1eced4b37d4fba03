import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Held, furthered } from './inbox/held';
import { setTexts, t } from '@web/core/i18n';
import en from './i18n/en.json';
import { FORMS, commandOf, flaws, instantOf, localOf, ordered } from './forms';
import { type Clock, type Mark, type Row, byUrgency, leftAt, inPlace, merged, news, pieces, triageBoxes, said, spoken, taken, under, urgency } from './model';

const NOW = Date.parse('2026-11-24T10:00:00+07:00');

function clock(left_s: number, more: Partial<Clock> = {}): Clock {
  return { as_of: '2026-11-24T10:00:00+07:00', stopped: false, running: true, left_s, next_opening: null, due_at: '2026-11-24T14:00:00+07:00', kind: 'working', ...more };
}

function row(code: string, more: Partial<Row> = {}): Row {
  return {
    code, state: 'assigned', category: 'environment', unit: 'ward_1', unit_name: null, monitoring_unit: null,
    coordinating_units: [], area: null, received_at: '', due_at: '', expected_at: null, promise: { vi: '', en: '' },
    flags: [], hops: 0, loops: 0, restricted: false, disputes: 0, version: 2, directives_open: 0,
    clock: clock(7200), media: { image: 0, audio: 0 }, location: null, suggested: null, routed: null, actions: [], ...more,
  };
}

test('the clock moves only while it runs', () => {
  assert.equal(leftAt(clock(3600), NOW + 600_000), 3000);
  assert.equal(leftAt(clock(3600, { running: false }), NOW + 600_000), 3600);
});

test('the last second is on time, the next one is not', () => {
  assert.equal(urgency(clock(1), NOW + 1000), 'soon');
  assert.equal(urgency(clock(1), NOW + 2000), 'overdue');
  assert.equal(urgency(clock(-5, { stopped: true }), NOW), 'stopped');
});

test('a screen reader is told when 60, 30 or 10 minutes are passed, and what is left then', () => {
  assert.equal(spoken(60.1, 59.9), 60);
  assert.equal(spoken(60.1, 60), 60);
  assert.equal(spoken(30.2, 29.95), 30);
  assert.equal(spoken(10.2, 9.95), 10);
  assert.equal(spoken(70, 8.5), 9); // the tab slept
});

test('between the marks, at the first look, over time and with more time again nothing is said', () => {
  for (const [before, left] of [[59.9, 59.65], [null, 30], [12, -3], [12, 0], [9, 120], [12, null]] as const) assert.equal(spoken(before, left), null);
});

test('what is over comes first and what is done comes last', () => {
  const rows = [row('A', { clock: clock(0, { stopped: true }) }), row('B'), row('C', { clock: clock(-60) })];
  assert.deepEqual(byUrgency(rows, NOW).map((each) => each.code), ['C', 'B', 'A']);
});

test('tabs ask for the unit, the day and the state', () => {
  assert.ok(under('mine', row('A'), NOW, 'ward_1'));
  assert.ok(!under('mine', row('A'), NOW, 'ward_2'));
  assert.ok(under('today', row('A'), NOW, null));
  assert.ok(!under('today', row('A', { clock: clock(9000, { due_at: '2026-11-25T08:00:00+07:00' }) }), NOW, null));
  assert.ok(under('waiting', row('A'), NOW, 'ward_1'));
  assert.ok(!under('waiting', row('A', { state: 'accepted' }), NOW, 'ward_1'));
});

test('of two lists the newer version counts', () => {
  const both = merged([row('A', { version: 2 }), row('B')], [row('A', { version: 3 }), row('B', { version: 1 }), row('C')]);
  assert.deepEqual(both.map((each) => [each.code, each.version]), [['A', 3], ['B', 2], ['C', 2]]);
});

test('what is done comes with the latest first', () => {
  const done = (code: string, due_at: string) => row(code, { clock: clock(0, { stopped: true, due_at }) });
  const rows = [done('A', '2026-11-01T00:00:00Z'), done('B', '2026-11-03T00:00:00Z'), row('C')];
  assert.deepEqual(byUrgency(rows, NOW).map((each) => each.code), ['C', 'B', 'A']);
});

test('new rows and newer versions are told apart', () => {
  const { added, changed } = news([row('A'), row('B')], [row('A', { version: 3 }), row('B'), row('C')]);
  assert.deepEqual([added.map((each) => each.code), changed.map((each) => each.code)], [['C'], ['A']]);
});

test('the boxes of the triage', () => {
  assert.deepEqual(triageBoxes(row('A', { state: 'held', unit: 'office' })), ['held']);
  assert.deepEqual(triageBoxes(row('A', { unit: 'office' })), ['unrouted']);
  assert.deepEqual(triageBoxes(row('A', { unit: 'office', hops: 1, state: 'at_office' })), ['forwarded']);
  assert.deepEqual(triageBoxes(row('A', { flags: ['emergency'] })), ['urgent']);
  assert.deepEqual(triageBoxes(row('A', { flags: ['emergency'], state: 'closed' })), []);
});

test('what left the list goes, what lies behind its end stays', () => {
  const [early, late] = ['2026-11-01T00:00:00Z', '2026-12-01T00:00:00Z'];
  const due = (code: string, due_at: string, version = 2) => row(code, { version, clock: clock(7200, { due_at }) });
  const old = [due('A', early), due('B', early), due('C', late)];
  const fresh = [due('B', early, 3)];
  assert.deepEqual(inPlace(old, fresh, false).map((each) => [each.code, each.version]), [['B', 3]]);
  // behind the end of what was fetched nobody has looked
  assert.deepEqual(inPlace(old, [due('B', early), due('D', '2026-11-02T00:00:00Z')], true).map((each) => each.code), ['B', 'C']);
});

test('actions: the next step first, what sends a case away last', () => {
  assert.deepEqual(ordered(['forward', 'progress', 'result', 'unknown']), ['result', 'progress', 'forward']);
});

test('a form is checked before it is sent, and sends no empty field', () => {
  const form = FORMS['result']!;
  assert.deepEqual(flaws(form, {}, NOW).map((each) => [each.field, each.rule]), [['outcome', 'missing'], ['text', 'missing']]);
  assert.deepEqual(flaws(form, { outcome: 'solved', text: 'ngắn' }, NOW), [{ field: 'text', rule: 'short' }]);
  assert.deepEqual(commandOf(form, { outcome: 'solved', text: 'Đã dọn sạch', officer: '', evidence: [], site_visit_at: '2026-11-24T09:30' }), {
    outcome: 'solved', text: 'Đã dọn sạch', site_visit_at: '2026-11-24T02:30:00.000Z',
  });
  const coordinate = FORMS['coordination']!;
  assert.deepEqual(flaws(coordinate, { units: ['ward_2'], expected_at: '2026-11-24T09:00', text: 'x' }, NOW), [{ field: 'expected_at', rule: 'past' }]);
});

test("a date field speaks the city's time on every device", () => {
  assert.equal(localOf('2026-11-24T02:30:00Z'), '2026-11-24T09:30');
  assert.equal(instantOf('2026-11-24T09:30'), Date.parse('2026-11-24T02:30:00Z'));
});

test('what is typed without accents is found in what is shown', () => {
  const one = row('DL-7K3Q-9M2F', { excerpt: 'Lấn chiếm vỉa hè đường Phan Đình Phùng' });
  assert.deepEqual(['via he', 'phan dinh', '7k3q', 'PHÙNG'].map((each) => said(one, each)), [true, true, true, true]);
  assert.ok(!said(one, 'rác'));
  // the server's answer takes no row away: it does not look at what stands in no row
  assert.ok(!said({ ...one, category: 'environment' }, 'environment'));
});

test('who monitors or helps watches, and who handles does not', () => {
  assert.ok(under('watching', row('A', { monitoring_unit: 'police' }), NOW, 'police'));
  assert.ok(under('watching', row('A', { coordinating_units: ['police'] }), NOW, 'police'));
  assert.ok(!under('watching', row('A', { monitoring_unit: 'ward_1' }), NOW, 'ward_1'));
  assert.ok(!under('watching', row('A', { monitoring_unit: 'police', state: 'closed' }), NOW, 'police'));
});

test("one press takes the router's suggestion, and only what the API allows", () => {
  const suggested = { unit: 'ward_1', category: 'environment', rule: 'r', area: null };
  assert.deepEqual(taken(row('A', { suggested, actions: ['release'] })), { name: 'release', body: {}, unit: 'ward_1' });
  assert.deepEqual(taken(row('A', { suggested, actions: ['assign'] }))?.body, { unit: 'ward_1', category: 'environment' });
  assert.equal(taken(row('A', { suggested, actions: ['assign'], hops: 1 })), null);
  assert.equal(taken(row('A', { suggested, actions: [] })), null);
  assert.equal(taken(row('A', { suggested: { ...suggested, unit: 'office' }, actions: ['assign'] })), null);
});

test('a text is cut by code points where marks begin and end, also where they overlap', () => {
  const mark = (from: number, to: number, vi: string): Mark => ({ kind: 'abuse', name: { vi, en: vi }, from, to });
  const cut = pieces('😀 đồ ngu 09', [mark(2, 8, 'a'), mark(5, 11, 'b')]);
  assert.deepEqual(cut.map((each) => [each.words, each.marks.map((one) => one.name.vi).join()]), [
    ['😀 ', ''], ['đồ ', 'a'], ['ngu', 'a,b'], [' 09', 'b'],
  ]);
  assert.deepEqual(pieces('ngu', [mark(0, 99, 'a')]).map((each) => each.words), ['ngu']);
  assert.deepEqual(pieces('', []), []);
});

test('a page that comes late is put behind no other list, and behind its own once', () => {
  const found = { items: [row('B')], next: 'c2' };
  const held: Held = { key: 'rác||', rows: [row('A')], next: 'c1' };
  const asked = { key: 'rác||', from: 'c1' };
  const codes = (list: Held): string[] => list.rows.map((each) => each.code);
  const after = furthered(held, asked, found);
  assert.deepEqual([codes(after), after.next], [['A', 'B'], 'c2']);
  assert.equal(furthered(after, asked, found), after);
  const other: Held = { key: '||', rows: [row('C')], next: 'c1' };
  assert.equal(furthered(other, asked, found), other);
});

test('one is one in English', () => {
  setTexts('en', en);
  assert.deepEqual([1, 2].map((n) => t('media.added', { n })), ['1 file added', '2 files added']);
  assert.equal(t('onestop.waited', { wait: '5 min', n: 1 }), 'Waited 5 min, called once');
});
