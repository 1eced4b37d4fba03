// What the wall knows: the API's figures, the open cases, and how old both may be. Pure.

export interface Figures {
  total: number;
  open: number;
  overdue: number;
  due_within_hour: number;
  directives_open: number;
  directives_overdue: number;
  resolved: number;
  on_time: number | null; // null: of too few cases
  on_time_share: number | null;
  satisfaction: number | null;
}

export interface Watermark {
  complete_up_to: string | null;
  offset: number;
  behind: number | null; // null: the server does not hear the stream, and cannot know
}

export interface Summary extends Figures {
  as_of: string;
  watermark: Watermark;
  cursor: string;
  by_state: Record<string, number>;
  by_unit: (Figures & { unit: string | null })[];
  by_category: (Figures & { category: string | null })[];
}

/** An open case as `GET /ioc/cases` gives it. */
export interface CaseRow {
  code: string;
  state: string;
  category: string | null;
  unit: string | null;
  area: string | null;
  channel: string;
  due_at: string; // the date that counts
  lat: number | null;
  lon: number | null;
}

/** The same with its due time as a number: it is compared for every picture. */
export interface OpenCase extends Omit<CaseRow, 'due_at'> {
  due: number;
}

export function openCase({ due_at, ...row }: CaseRow): OpenCase {
  return { ...row, due: Date.parse(due_at) };
}

export type Freshness = 'live' | 'quiet' | 'stale' | 'dead';

const HOUR_MS = 3_600_000;
const QUIET_MS = 5_000;
const STALE_MS = 30_000;
const DEAD_MS = 5 * 60_000;

/** How fresh a screen is that heard from the server last at `heard`; one rule for all panels. */
export function freshness(heard: number, now: number): Freshness {
  const age = now - heard;
  if (age > DEAD_MS) return 'dead';
  if (age > STALE_MS) return 'stale';
  return age > QUIET_MS ? 'quiet' : 'live';
}

export type Mark = 'open' | 'soon' | 'overdue';

/** How a case is drawn: shapes differ, since colour alone fails. */
export function markOf(each: Pick<OpenCase, 'due'>, at: number): Mark {
  const left = each.due - at;
  if (left < 0) return 'overdue';
  return left <= HOUR_MS ? 'soon' : 'open';
}

/** The first moment after `at` at which some case is drawn in another way; until then none is. */
export function nextTurn(cases: Iterable<OpenCase>, at: number): number {
  let first = Infinity;
  for (const { due } of cases) {
    const turn = due - HOUR_MS > at ? due - HOUR_MS : due + 1;
    if (turn > at && turn < first) first = turn;
  }
  return first;
}

/** What a unit has that is over its time; `since` is when the first of it was due. */
export interface Late {
  unit: string | null;
  many: number;
  since: number;
}

/** The units with overdue cases, the one that is longest over its time first. */
export function lateByUnit(cases: Iterable<OpenCase>, at: number, count: number): Late[] {
  const found = new Map<string | null, Late>();
  for (const { unit, due } of cases) {
    if (due >= at) continue;
    const known = found.get(unit);
    if (!known) found.set(unit, { unit, many: 1, since: due });
    else {
      known.many += 1;
      known.since = Math.min(known.since, due);
    }
  }
  return [...found.values()].sort((a, b) => a.since - b.since || b.many - a.many).slice(0, count);
}

/** Units by their share on time, the worst first; those with too few cases for a share come last. */
export function byShare<T extends Figures>(rows: readonly T[]): T[] {
  const key = (row: T): number => row.on_time_share ?? 2;
  return [...rows]
    .filter((row) => row.total > 0)
    .sort((a, b) => key(a) - key(b) || b.overdue - a.overdue || b.open - a.open);
}

export interface Heard {
  id: string;
  type: string;
  subject: string;
  time: string;
  data: Record<string, unknown> & { case?: Record<string, unknown> };
}

const DONE = new Set(['resolved', 'closed', 'refused', 'redirected', 'withdrawn']);

/** The open cases after some events, in their order: the newest snapshot wins. */
export function after(
  cases: ReadonlyMap<string, OpenCase>,
  events: readonly Heard[],
): ReadonlyMap<string, OpenCase> {
  const about = events.filter((each) => each.data.case && each.type.startsWith('case.'));
  if (!about.length) return cases;
  const next = new Map(cases); // one copy for a burst
  for (const each of about) take(next, each.subject, each.data.case!);
  return next;
}

function take(next: Map<string, OpenCase>, code: string, snapshot: Record<string, unknown>): void {
  if (DONE.has(String(snapshot['state']))) {
    next.delete(code);
    return;
  }
  const place = snapshot['place'] as { lat: number; lon: number } | null;
  next.set(code, {
    code,
    state: String(snapshot['state']),
    category: (snapshot['category'] as string | null) ?? null,
    unit: (snapshot['unit'] as string | null) ?? null,
    area: (snapshot['area'] as string | null) ?? null,
    channel: String(snapshot['channel'] ?? ''),
    due: Date.parse(String(snapshot['expected_at'] ?? snapshot['due_at'])), // the date that counts
    lat: place?.lat ?? null,
    lon: place?.lon ?? null,
  });
}

// Steps of the machine, and what the counter's own figures say: nothing for the feed of a wall.
const UNTOLD = /^(ticket|dossier|routing)\.|^deadline\.set\.|^case\.(routing_suggested|followed|unfollowed)\./;
export const toldOf = (event: Pick<Heard, 'type'>): boolean => !UNTOLD.test(event.type);

/** The last events up to a moment, the newest first: what the feed showed then. */
export function feedAt(events: readonly Heard[], at: number, count: number): Heard[] {
  return events
    .filter((each) => toldOf(each) && Date.parse(each.time) <= at)
    .slice(-count)
    .reverse();
}
