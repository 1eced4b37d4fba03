// What the desk knows of cases: the API's shapes, and the pure rules of showing them.

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
};

export type Step = {
  sequence: number;
  type: string;
  at: string;
  title: Words;
  unit_name: Words | null;
  actor?: string;
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

export type Suggested = { unit: string; category: string; rule: string; area: string | null };

export type Case = Omit<Row, 'media'> & {
  text: string;
  location: { lat: number; lon: number; accuracy_m?: number; address?: string } | null;
  captured_at: string | null;
  emergency: unknown[];
  media: Media[];
  reporter: { kind: string; anonymity: string; left_identity: boolean };
  suggested: Suggested | null;
  coordination: { state: string; reason: string; expected_at: string; tasks: { unit: string; expected_at: string; answered_at: string | null; answer: string }[] } | null;
  directives: Directive[];
  results: { outcome: string; text: string; unit: string; at: string; on_time: boolean }[];
  rating: { score: number; text: string } | null;
  officer: string | null;
  actions: string[];
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

/** Rows by what is left of their time; what needs nobody any more comes last. */
export function byUrgency(rows: readonly Row[], now: number): Row[] {
  const key = (row: Row) => (row.clock.stopped ? Number.MAX_SAFE_INTEGER : leftAt(row.clock, now));
  return [...rows].sort((a, b) => key(a) - key(b) || a.code.localeCompare(b.code));
}

export type Tab = 'mine' | 'overdue' | 'today' | 'waiting' | 'all';

const DONE = new Set(['resolved', 'closed', 'refused', 'redirected', 'withdrawn']);
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
    case 'all':
      return true;
  }
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

/** Overdue cases by unit, the most first. */
export function overdueByUnit(rows: readonly Row[], now: number): { unit: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (urgency(row.clock, now) !== 'overdue' || !row.unit) continue;
    counts.set(row.unit, (counts.get(row.unit) ?? 0) + 1);
  }
  return [...counts]
    .map(([unit, count]) => ({ unit, count }))
    .sort((a, b) => b.count - a.count || a.unit.localeCompare(b.unit));
}
