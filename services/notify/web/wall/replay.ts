// A past hour: which moment it shows, and how it moves. Pure; the URL holds it.

const HOUR_MS = 3_600_000;

/** The moment that a replay shows; the URL holds it: `?from=…&to=…&at=…&speed=…&paused=1`. */
export interface Replay {
  from: number;
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
  const at = Date.parse(given.get('at') ?? '');
  const speed = Number(given.get('speed') ?? 60);
  const until = Math.min(Number.isNaN(to) || to <= from ? from + HOUR_MS : to, now);
  return {
    from,
    at: at >= from && at <= until ? at : from,
    until,
    speed: speed > 0 && speed <= 3600 ? speed : 60,
    paused: given.get('paused') === '1',
  };
}

/** The replay as a query, so that a reload and a link show the same moment. */
export function queryOf(replay: Replay): string {
  const iso = (at: number): string => new Date(at).toISOString();
  const named = new URLSearchParams({
    from: iso(replay.from),
    to: iso(replay.until),
    at: iso(replay.at),
    speed: String(replay.speed),
  });
  if (replay.paused) named.set('paused', '1');
  return `?${named}`;
}

/** Replays the hour before a moment, from its beginning. */
export function hourBefore(now: number): Replay {
  return { from: now - HOUR_MS, at: now - HOUR_MS, until: now, speed: 60, paused: false };
}

const LOCAL = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/;
const CITY_MS = 7 * HOUR_MS; // UTC+7 all year

/** An instant as a `datetime-local` value in the city's time. */
export const localOf = (at: number): string => new Date(at + CITY_MS).toISOString().slice(0, 16);

/** The hour from a `datetime-local` value, which is the city's time; null: none that has begun. */
export function hourAt(local: string, now: number): Replay | null {
  // a browser makes a date of nearly anything
  const from = LOCAL.test(local) ? Date.parse(`${local}:00Z`) - CITY_MS : NaN;
  if (Number.isNaN(from) || from >= now) return null;
  return { from, at: from, until: Math.min(now, from + HOUR_MS), speed: 60, paused: false };
}

/** The replay moved by `ms`, inside its hour; beyond its edge it goes on to the hour beside it. */
export function stepped(replay: Replay, ms: number, now: number): Replay {
  const at = Math.min(now, replay.at + ms);
  if (at < replay.from) return { ...replay, from: replay.from - HOUR_MS, until: replay.from, at };
  if (at <= replay.until) return { ...replay, at };
  const until = Math.min(now, replay.until + HOUR_MS);
  return { ...replay, from: replay.until, until, at };
}

/** The replay after `ms` of real time; it stops at its end. */
export function advanced(replay: Replay, ms: number): Replay {
  if (replay.paused) return replay;
  const at = Math.min(replay.until, replay.at + ms * replay.speed);
  return { ...replay, at, paused: at >= replay.until };
}
