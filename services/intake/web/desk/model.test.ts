import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FORMS, commandOf, flaws, instantOf, localOf, ordered } from './forms';
import { type Clock, type Row, byUrgency, leftAt, news, overdueByUnit, triageBoxes, under, urgency } from './model';

const NOW = Date.parse('2026-11-24T10:00:00+07:00');

function clock(left_s: number, more: Partial<Clock> = {}): Clock {
  return { as_of: '2026-11-24T10:00:00+07:00', stopped: false, running: true, left_s, next_opening: null, due_at: '2026-11-24T14:00:00+07:00', kind: 'working', ...more };
}

function row(code: string, more: Partial<Row> = {}): Row {
  return {
    code, state: 'assigned', category: 'environment', unit: 'ward_1', unit_name: null, monitoring_unit: null,
    coordinating_units: [], area: null, received_at: '', due_at: '', expected_at: null, promise: { vi: '', en: '' },
    flags: [], hops: 0, loops: 0, restricted: false, disputes: 0, version: 2, directives_open: 0,
    clock: clock(7200), media: { image: 0, audio: 0 }, ...more,
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

test('overdue cases are counted by unit', () => {
  const late = { clock: clock(-60) };
  assert.deepEqual(overdueByUnit([row('A', late), row('B', late), row('C', { ...late, unit: 'ward_2' }), row('D')], NOW), [
    { unit: 'ward_1', count: 2 },
    { unit: 'ward_2', count: 1 },
  ]);
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
