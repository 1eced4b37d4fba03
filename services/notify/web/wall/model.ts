// What the wall knows: the API's figures, the open cases, and how old both may be. Pure.

export interface Figures {
  total: number;
  open: number;
  overdue: number;
  due_within_hour: number;
  directives_open: number;
  directives_overdue: number;
  resolved: number;
  on_time: number;
  on_time_share: number | null;
  satisfaction: number | null;
}

export interface Watermark {
  complete_up_to: string;
  behind: number;
}

export interface Summary extends Figures {
  as_of: string;
  watermark: Watermark;
  cursor: string;
  by_state: Record<string, number>;
  by_unit: (Figures & { unit: string | null })[];
  by_category: (Figures & { category: string | null })[];
}

export interface OpenCase {
  code: string;
  state: string;
  category: string | null;
  unit: string | null;
  area: string | null;
  due_at: string;
  lat: number | null;
  lon: number | null;
}

export type Freshness = 'live' | 'quiet' | 'stale' | 'dead';

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
export function markOf(each: Pick<OpenCase, 'due_at'>, at: number): Mark {
  const left = Date.parse(each.due_at) - at;
  if (left < 0) return 'overdue';
  return left <= 3_600_000 ? 'soon' : 'open';
}

/** The cases that are longest over their time, the worst first. */
export function worst(cases: readonly OpenCase[], at: number, count: number): OpenCase[] {
  return cases
    .filter((each) => markOf(each, at) === 'overdue')
    .sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at))
    .slice(0, count);
}

/** Units by their share on time, the worst first; those with too few cases for a share come last. */
export function byShare<T extends Figures>(rows: readonly T[], count: number): T[] {
  const key = (row: T): number => row.on_time_share ?? 2;
  return [...rows]
    .filter((row) => row.total > 0)
    .sort((a, b) => key(a) - key(b) || b.overdue - a.overdue || b.open - a.open)
    .slice(0, count);
}

export interface Heard {
  id: string;
  type: string;
  subject: string;
  time: string;
  data: Record<string, unknown> & { case?: Record<string, unknown> };
}

const DONE = new Set(['resolved', 'closed', 'refused', 'redirected', 'withdrawn']);

/** The open cases after an event: the newest snapshot wins. */
export function after(cases: ReadonlyMap<string, OpenCase>, event: Heard): ReadonlyMap<string, OpenCase> {
  const snapshot = event.data.case;
  if (!snapshot || !event.type.startsWith('case.')) return cases;
  const next = new Map(cases);
  if (DONE.has(String(snapshot['state']))) {
    next.delete(event.subject);
    return next;
  }
  const place = snapshot['place'] as { lat: number; lon: number } | null;
  next.set(event.subject, {
    code: event.subject,
    state: String(snapshot['state']),
    category: (snapshot['category'] as string | null) ?? null,
    unit: (snapshot['unit'] as string | null) ?? null,
    area: (snapshot['area'] as string | null) ?? null,
    due_at: String(snapshot['due_at']),
    lat: place?.lat ?? null,
    lon: place?.lon ?? null,
  });
  return next;
}

export interface Cluster {
  x: number;
  y: number;
  open: number;
  soon: number;
  overdue: number;
}

/** Cases that would lie on each other on the screen, as one ring; `reach` in pixels. */
export function clustered(points: readonly { x: number; y: number; mark: Mark }[], reach: number): Cluster[] {
  const cells = new Map<string, Cluster & { n: number }>();
  for (const each of points) {
    const key = `${Math.floor(each.x / reach)}:${Math.floor(each.y / reach)}`;
    const cell = cells.get(key) ?? { x: 0, y: 0, open: 0, soon: 0, overdue: 0, n: 0 };
    cell.x = (cell.x * cell.n + each.x) / (cell.n + 1);
    cell.y = (cell.y * cell.n + each.y) / (cell.n + 1);
    cell.n += 1;
    cell[each.mark] += 1;
    cells.set(key, cell);
  }
  return [...cells.values()].map(({ x, y, open, soon, overdue }) => ({ x, y, open, soon, overdue }));
}

/** The moment that a replay shows; the URL holds it: `?from=…&speed=…`. */
export interface Replay {
  at: number;
  until: number;
  speed: number; // seconds of then per second of now
  paused: boolean;
}

export function replayIn(search: string, now: number): Replay | null {
  const given = new URLSearchParams(search);
  const from = Date.parse(given.get('from') ?? '');
  if (Number.isNaN(from) || from >= now) return null;
  const to = Date.parse(given.get('to') ?? '');
  const speed = Number(given.get('speed') ?? 60);
  return {
    at: from,
    until: Math.min(Number.isNaN(to) || to <= from ? from + 3_600_000 : to, now),
    speed: speed > 0 && speed <= 3600 ? speed : 60,
    paused: given.get('paused') === '1',
  };
}

/** The replay after `ms` of real time; it stops at its end. */
export function advanced(replay: Replay, ms: number): Replay {
  if (replay.paused) return replay;
  const at = Math.min(replay.until, replay.at + ms * replay.speed);
  return { ...replay, at, paused: at >= replay.until };
}
