import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, leftNow, moment, span, weekday } from './dates';
import { fold, matches } from './fold';
import { fill, setTexts, t } from './i18n';
import { uuid } from './ids';
import { SseParser, type ServerEvent } from './sse';
import { turns } from './turns';
import vi from '../i18n/vi.json';

test('folding takes accents, case and punctuation away', () => {
  assert.equal(fold('  Lấn chiếm vỉa hè, ĐƯỜNG Nguyễn Văn Trỗi! '), 'lan chiem via he duong nguyen van troi');
  assert.equal(fold('ẾỖẶ ậợ'), 'eoa ao');
});

test('every typed word must begin a word', () => {
  assert.ok(matches('Trật tự đô thị', 'do thi'));
  assert.ok(matches('Trật tự đô thị', 'tra'));
  assert.ok(!matches('Trật tự đô thị', 'hi'));
});

test('holes without a value stay as they are', () => {
  assert.equal(fill('{a} và {b}', { a: 1 }), '1 và {b}');
});

test('a clock counts down only while it runs', () => {
  const at = Date.parse('2026-11-24T03:00:00Z');
  const clock = { as_of: '2026-11-24T03:00:00Z', running: true, left_s: 3600 };
  assert.equal(leftNow(clock, at + 600_000), 3000);
  assert.equal(leftNow({ ...clock, running: false }, at + 600_000), 3600);
  assert.equal(leftNow({ ...clock, left_s: null }, at), null);
  assert.equal(leftNow(clock, at + 4_000_000), -400);
});

test('durations and moments are in the words and the zone of the city', () => {
  setTexts('vi', vi);
  assert.equal(duration(4320), '1 giờ 12 phút');
  assert.equal(duration(7200), '2 giờ');
  assert.equal(duration(59), '0 phút');
  assert.deepEqual([3, 4320, 86_399, 86_400, 200_000].map(span), ['1 phút', '1 giờ 12 phút', '23 giờ 59 phút', '1 ngày', '2 ngày']);
  assert.equal(moment('2026-11-24T07:03:00Z', Date.parse('2026-11-24T10:00:00Z')), '14:03');
  assert.match(moment('2025-11-24T07:03:00Z', Date.parse('2026-11-24T10:00:00Z')), /^14:03 24\/11\/2025$/);
  assert.equal(weekday('2026-11-24T07:03:00Z'), 'thứ Ba 24/11');
  assert.equal(t('duration.minutes', { n: 1 }), '1 phút');
});

test('uuids have the form of version 4', () => {
  assert.match(uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('events survive every way of being cut', () => {
  const stream = ': hello\r\nid: 7\r\nevent: case\r\ndata: {"a":\r\ndata: 1}\r\n\r\ndata: x\n\n';
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const seen: ServerEvent[] = [];
    const parser = new SseParser((event) => seen.push(event));
    parser.feed(stream.slice(0, cut));
    parser.feed(stream.slice(cut));
    assert.deepEqual(seen, [
      { event: 'case', data: '{"a":\n1}', id: '7' },
      { event: 'message', data: 'x', id: '7' },
    ]);
  }
});

test('an answer that was overtaken by a later question is not shown', () => {
  const turn = turns();
  const [first, second, third] = [turn(), turn(), turn()];
  assert.equal(second(), true);
  assert.equal(first(), false);
  assert.equal(second(), true); // the same answer, again
  assert.equal(third(), true);
  assert.equal(second(), false);
});
