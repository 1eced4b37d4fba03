import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agreed, bothDates } from './coordination';
import { setTexts } from './i18n';
import en from '../i18n/en.json';
import vi from '../i18n/vi.json';

const NOW = Date.parse('2026-12-01T03:00:00Z');
const NAMES: Record<string, string> = { health: 'Sở Y tế', police: 'Công an' };
const nameOf = (unit: string): string => NAMES[unit]!;
const view = { coordinating_units: ['health', 'police'], expected_at: '2026-12-10T02:00:00Z', due_at: '2026-12-01T09:30:00Z' };

test('a step of a coordination names its units and its date', () => {
  setTexts('vi', vi);
  assert.deepEqual(agreed({ units: ['health', 'police'], expected_at: '2026-12-10T02:00:00Z' }, nameOf, NOW), ['Đơn vị phối hợp: Sở Y tế, Công an', 'Dự kiến xong 09:00 10/12']);
});

test('a date that moved stands beside the one before', () => {
  setTexts('en', en);
  assert.deepEqual(agreed({ expected_at: '2026-12-11T02:00:00Z', previous: '2026-12-10T02:00:00Z' }, nameOf, NOW), ['Expected by 09:00 11/12, before that 09:00 10/12']);
});

test('a step that is about something else says nothing of it', () => {
  assert.deepEqual(agreed({ previous: 'environment' }, nameOf, NOW), []); // a category that was corrected
  assert.deepEqual(agreed({ units: [] }, nameOf, NOW), []);
});

test('a coordinated case shows both dates, any other only its promise', () => {
  setTexts('vi', vi);
  assert.equal(bothDates(view, nameOf), 'Phối hợp với Sở Y tế, Công an: dự kiến xong 09:00 thứ Năm 10/12; hạn đã hứa 16:30 thứ Ba 01/12.');
  setTexts('en', en);
  assert.equal(bothDates(view, nameOf), 'Coordinated with Sở Y tế, Công an: expected by 09:00 Thursday 10/12; promised by 16:30 Tuesday 01/12.');
  assert.equal(bothDates({ ...view, coordinating_units: [], expected_at: null }, nameOf), null);
});
