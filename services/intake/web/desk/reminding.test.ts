import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '@web/core/api';
import { Wishes } from './pressing';
import { type Late, type Progress, oneByOne, owed, planned } from './reminding';

function late(code: string, state = 'assigned'): Late {
  return { code, category: 'environment', due_at: '', overdue_hours: 3, clock: 'working', state };
}

const given = (code: string, addressee: string, fulfilled_at: string | null = null) =>
  ({ code, addressee, fulfilled_at });

test('left out are questions of the Office, and whoever has an open directive for it', () => {
  const cases = [
    late('A'), late('B', 'awaiting_direction'), late('C'), late('D'), late('E', 'in_progress'),
  ];
  const before = [
    given('B', 'ward_1'), // counts once
    given('C', 'ward_1'),
    given('D', 'ward_2'), // another's
    given('E', 'ward_1', '2026-11-24T10:00:00+07:00'), // carried out
  ];
  assert.deepEqual(planned('ward_1', cases, before), {
    codes: ['A', 'D', 'E'], asked: 1, instructed: 1,
  });
});

const error = (status: number): ApiError => new ApiError(status, { status });

interface Told {
  asked: string[];
  steps: Progress[];
}

/** Send to each letter; `answers` says which one fails how, `until` after how many one stops. */
async function sendTo(
  codes: string, answers: Record<string, number>, until = Infinity,
): Promise<Progress & Told> {
  const told: Told = { asked: [], steps: [] };
  const send = async (code: string): Promise<void> => {
    told.asked.push(code);
    if (code in answers) throw error(answers[code]!);
  };
  const goes = (): boolean => told.asked.length < until;
  const end = await oneByOne([...codes], send, { goes, told: (each) => told.steps.push(each) });
  return { ...end, ...told };
}

test('what is refused for one case does not end the others', async () => {
  const end = await sendTo('ABCDEF', { B: 422, C: 409, D: 404, E: 422 });
  assert.deepEqual(end.sent, ['A', 'F']);
  assert.deepEqual(end.failed.map((each) => each.code), ['B', 'C', 'D', 'E']);
  assert.deepEqual(end.rest, []);
  assert.deepEqual(end.steps.map((each) => each.rest.length), [5, 4, 3, 2, 1, 0]);
});

test('one is after the other, and a stop comes after the current one', async () => {
  const end = await sendTo('ABCD', {}, 2);
  assert.deepEqual([end.sent, end.rest], [['A', 'B'], ['C', 'D']]);
});

test('where nobody answers three times in a row the rest is not tried, but owed', async () => {
  const away = await sendTo('ABCDE', { A: 0, B: 503, C: 429 });
  assert.deepEqual(away.asked, ['A', 'B', 'C']);
  assert.deepEqual(owed(away), ['A', 'B', 'C', 'D', 'E']);
  const between = await sendTo('ABCDE', { A: 0, B: 503, D: 0 });
  assert.deepEqual([between.sent, owed(between)], [['C', 'E'], ['A', 'B', 'D']]);
});

test('what is sent again is what failed, under the keys of before', async () => {
  const wishes = new Wishes();
  const keys: Record<string, string[]> = {};
  const rounds = [{ B: 0 }, {}] as Record<string, number>[];
  let codes = ['A', 'B', 'C'];
  for (const answers of rounds) {
    const send = (code: string): Promise<void> =>
      wishes.send(`${code} words`, async (key) => {
        (keys[code] ??= []).push(key);
        if (code in answers) throw error(answers[code]!);
      });
    codes = owed(await oneByOne(codes, send, { goes: () => true, told: () => undefined }));
  }
  assert.deepEqual([keys['A']!.length, keys['B']!.length, keys['C']!.length], [1, 2, 1]);
  assert.equal(keys['B']![0], keys['B']![1]);
  assert.equal(new Set(Object.values(keys).flat()).size, 3);
});
