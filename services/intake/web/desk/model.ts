// What the desk knows of cases: the API's shapes, and the pure rules of showing them.
import type { Agreed } from '@web/core/coordination';
import { fold } from '@web/core/fold';

export type Words = { vi: string; en: string };

export type Clock = {
  as_of: string;
  stopped: boolean; // nothing is owed any more
  running: boolean; // counts down now
  left_s: number;
  next_opening: string | null;
  due_at: string;
  kind: 'working' | 'elapsed';
};

export type Media = {
  id: string;
  kind: 'image' | 'audio';
  media_type: string;
  size_bytes: number;
  duration_ms: number | null;
  captured_at: string | null;
  from: 'reporter' | 'unit';
  links: Record<string, string>;
};

export type Row = {
  code: string;
  state: string;
  category: string | null;
  unit: string | null;
  unit_name: Words | null;
  monitoring_unit: string | null;
  coordinating_units: string[];
  area: string | null;
  received_at: string;
  due_at: string;
  expected_at: string | null;
  promise: Words;
  flags: string[];
  hops: number;
  loops: number;
  restricted: boolean;
  disputes: number;
  version: number;
  directives_open: number;
  clock: Clock;
  media: { image: number; audio: number };
  location: Place | null;
  excerpt?: string;
  suggested: Suggested | null;
  routed: Routed | null;
  flagged?: Mark[]; // of a held text; in a row they count within its excerpt
  actions: string[];
};

// `area` is what the reporter wrote: what there is before the router has said where it lies
export type Place = { lat: number; lon: number; accuracy_m?: number; address?: string; area?: string };

export type Step = Agreed & {
  sequence: number;
  type: string;
  at: string;
  title: Words;
  unit_name: Words | null;
  actor?: string;
  by?: string | null; // the unit of who acted
  reason?: string | null;
  text?: string;
  [fact: string]: unknown;
};

export type Directive = {
  id: string;
  addressee: string;
  due_at: string;
  text: string;
  acknowledged_at: string | null;
  fulfilled_at: string | null;
  overdue: boolean;
};

/** The router's last word in the regulation's words. */
export type Routed = { rule: string; unit: string; why: Words; source: Words | null };

/** What the screening found, from which to which code point of the text. */
export type Mark = { kind: string; name: Words; from: number; to: number };

/** A piece of a text, with the reasons why it is marked. */
export type Piece = { words: string; marks: Mark[] };

/** Cut a text where its marks begin and end; marks may lie over one another. */
export function pieces(text: string, marks: readonly Mark[]): Piece[] {
  const letters = [...text]; // code points, as the server counts
  const inside = (at: number): number => Math.max(0, Math.min(letters.length, at));
  const cuts = marks.flatMap((each) => [inside(each.from), inside(each.to)]);
  const places = [...new Set([0, ...cuts, letters.length])].sort((a, b) => a - b);
  return places.slice(0, -1).map((from, n) => ({
    words: letters.slice(from, places[n + 1]).join(''),
    marks: marks.filter((each) => each.from <= from && each.to >= places[n + 1]!),
  }));
}

export type Suggested = { unit: string; category: string; rule: string; area: string | null };

export type Case = Omit<Row, 'media'> & {
  text: string;
  captured_at: string | null;
  emergency: unknown[];
  media: Media[];
  reporter: { kind: string; anonymity: string; left_identity: boolean };
  coordination: { state: string; reason: string; expected_at: string; tasks: { unit: string; expected_at: string; answered_at: string | null; answer: string }[] } | null;
  directives: Directive[];
  results: { outcome: string; text: string; unit: string; at: string; on_time: boolean }[];
  rating: { score: number; text: string } | null;
  officer: string | null;
  timeline: Step[];
};

export type Urgency = 'overdue' | 'soon' | 'calm' | 'stopped';

const SOON_S = 3600;

/** Seconds of the clock left at `now`: it moves only while it runs. */
export function leftAt(clock: Clock, now: number): number {
  const passed = (now - Date.parse(clock.as_of)) / 1000;
  return clock.running ? clock.left_s - Math.max(0, passed) : clock.left_s;
}

/** How urgent a case is. Exactly at the limit is on time ('không quá'). */
export function urgency(clock: Clock, now: number): Urgency {
  if (clock.stopped) return 'stopped';
  const left = leftAt(clock, now);
  if (left < 0) return 'overdue';
  return left <= SOON_S ? 'soon' : 'calm';
}

const MARKS_MIN = [60, 30, 10];

/** Minutes that a screen reader is told between two looks at what is left: when a mark was passed, and
 what is left now, since a tab that slept passes several at once. */
export function spoken(before: number | null, left: number | null): number | null {
  if (before === null || left === null || left <= 0) return null;
  return MARKS_MIN.some((each) => before > each && left <= each) ? Math.ceil(left) : null;
}

/** Rows by what is left of their time; what needs nobody any more comes last, the latest first. */
export function byUrgency(rows: readonly Row[], now: number): Row[] {
  const key = (row: Row) => (row.clock.stopped ? Number.MAX_SAFE_INTEGER : leftAt(row.clock, now));
  const late = (row: Row) => (row.clock.stopped ? -Date.parse(row.clock.due_at) || 0 : 0);
  return [...rows].sort(
    (a, b) => key(a) - key(b) || late(a) - late(b) || a.code.localeCompare(b.code),
  );
}

export type Tab = 'mine' | 'open' | 'overdue' | 'today' | 'waiting' | 'watching' | 'all';

export const OPEN_STATES = [
  'submitted', 'held', 'assigned', 'accepted', 'in_progress', 'coordinating', 'at_office',
  'awaiting_direction', 'reopened',
] as const;
export const DONE_STATES = ['resolved', 'closed', 'refused', 'redirected', 'withdrawn'] as const;
const DONE = new Set<string>(DONE_STATES);
export const isDone = (state: string): boolean => DONE.has(state);
const NEEDS_A_UNIT = new Set(['assigned', 'reopened']);

/** Whether a row belongs under a tab of the inbox. */
export function under(tab: Tab, row: Row, now: number, unit: string | null): boolean {
  switch (tab) {
    case 'overdue':
      return urgency(row.clock, now) === 'overdue';
    case 'today':
      return !row.clock.stopped && sameDay(Date.parse(row.clock.due_at), now);
    case 'waiting':
      return NEEDS_A_UNIT.has(row.state) && row.unit === unit;
    case 'mine':
      return !DONE.has(row.state) && row.unit === unit;
    case 'open':
      return !DONE.has(row.state);
    case 'watching':
      return !DONE.has(row.state) && watches(row, unit);
    case 'all':
      return true;
  }
}

/** A unit that monitors a case or helps with it has a part in it, but not the next move. */
function watches(row: Row, unit: string | null): boolean {
  if (unit === null || row.unit === unit) return false;
  return row.monitoring_unit === unit || row.coordinating_units.includes(unit);
}

function sameDay(a: number, b: number): boolean {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Ho_Chi_Minh' });
  return day.format(a) === day.format(b);
}

/** New rows among `fresh` that `shown` has not, and those whose version is newer. */
export function news(shown: readonly Row[], fresh: readonly Row[]): { added: Row[]; changed: Row[] } {
  const known = new Map(shown.map((row) => [row.code, row.version]));
  return {
    added: fresh.filter((row) => !known.has(row.code)),
    changed: fresh.filter((row) => (known.get(row.code) ?? row.version) < row.version),
  };
}

/** The rows that are shown, each as it is now; what left the list goes.

    `more`: the fresh list goes on behind its last row, by the date that counts, where nobody has looked. */
export function inPlace(old: readonly Row[], fresh: readonly Row[], more: boolean): Row[] {
  const by = new Map(fresh.map((row) => [row.code, row]));
  const seen = more ? Date.parse(fresh.at(-1)?.clock.due_at ?? '') : Infinity;
  return old.flatMap((row) => by.get(row.code) ?? (Date.parse(row.clock.due_at) < seen ? [] : row));
}

/** Two lists as one; a case that is in both is as its newer version says. */
export function merged(one: readonly Row[], other: readonly Row[]): Row[] {
  const by = new Map(one.map((row) => [row.code, row]));
  for (const row of other) {
    if ((by.get(row.code)?.version ?? -1) < row.version) by.set(row.code, row);
  }
  return [...by.values()];
}

const folded = new WeakMap<Row, string[]>();

/** Whether every word that was typed begins a word of a row, accents and case aside.

    The server finds whatever this finds (`services/intake/searching.py`): its answer takes no row away. */
export function said(row: Row, typed: string): boolean {
  let words = folded.get(row);
  if (!words) {
    const text = [row.code, row.excerpt, row.location?.address, row.unit_name?.vi];
    words = fold(text.filter(Boolean).join(' ')).split(' ');
    folded.set(row, words);
  }
  const all = words;
  return fold(typed)
    .split(' ')
    .every((each) => all.some((word) => word.startsWith(each)));
}

export type OnePress = { name: 'release' | 'assign'; body: object; unit: string | null };

/** The one press of the triage: what the router suggests, when the API allows it now. */
export function taken(row: Row): OnePress | null {
  const unit = row.suggested && row.suggested.unit !== 'office' ? row.suggested.unit : null;
  if (row.actions.includes('release')) return { name: 'release', body: {}, unit };
  // who sent it back is not asked again
  if (!unit || row.hops > 0 || !row.actions.includes('assign')) return null;
  return { name: 'assign', body: { unit, category: row.suggested!.category }, unit };
}

export type TriageBox = 'held' | 'unrouted' | 'forwarded' | 'outside' | 'urgent';

/** In which boxes of the Office's triage a case lies; a case may lie in several. */
export function triageBoxes(row: Row): TriageBox[] {
  const boxes: TriageBox[] = [];
  if (row.state === 'held') boxes.push('held');
  if (row.unit === 'office' && row.hops === 0 && row.state !== 'held' && !DONE.has(row.state)) {
    boxes.push('unrouted');
  }
  if (row.state === 'at_office' || (row.unit === 'office' && row.hops > 0)) boxes.push('forwarded');
  if (row.flags.includes('outside_boundaries')) boxes.push('outside');
  if (row.flags.includes('emergency') && !DONE.has(row.state)) boxes.push('urgent');
  return boxes;
}
