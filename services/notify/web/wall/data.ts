/** What the wall knows, and where from: figures that are asked for, events that are followed. */
import { batch, signal } from '@preact/signals';
import { ApiError, call } from '@web/core/api';
import { paced } from '@web/core/pace';
import { type StreamState, follow } from '@web/core/sse';
import { locked, token } from './access';
import {
  type CaseRow, type Heard, type OpenCase, type Summary, after, feedAt, openCase, toldOf,
} from './model';
import type { Replay } from './replay';

export interface OneStop {
  waiting: number;
  average_wait_s: number | null;
}

export interface Incident {
  id: string;
  category: string;
  area: string;
  count: number;
  codes: string[];
  raised_at: string;
  closed_at: string | null;
}

export const incidents = signal<readonly Incident[] | null>(null);
export const summary = signal<Summary | null>(null);
export const shares = signal<Summary | null>(null); // of what was received in the last thirty days
export const cases = signal<ReadonlyMap<string, OpenCase>>(new Map());
export const onestop = signal<OneStop | null>(null);
export const feed = signal<readonly Heard[]>([]);
export const stream = signal<StreamState>('connecting');
export const unanswered = signal(false); // the last question got no answer
export const replay = signal<Replay | null>(null);

const FEED = 3;
const BATCH_MS = 500; // how long events are gathered before the picture changes
const PAGES = 20; // of a replayed hour's events, or of open cases; more are in the figures alone
const PAGE = 1000;
const EVERY_MS = 10_000;
const TOGETHER_MS = 700; // a burst of events is one question, and the figures have counted it
const REST_MS = 1_500; // between an answer and the next question
const SHARES_MS = 30 * 86_400_000;
const MAP_EVERY_MS = 60_000; // the map follows the events; this catches what they cannot say
const MAP_REST_MS = 5_000;
const SHARES_REST_MS = 10_000;
const LATELY_MS = 15_000; // so long an event may be heard before the server's list has it

let answered = Date.now(); // when the server was last heard; a signal would draw at every event
let proven = Date.now(); // when the figures were last as new as the events, or on their way

/** When what is shown was last known to be true. Figures that stand still while events come are old. */
export const knownAt = (): number => Math.min(answered, proven);

async function get<T>(path: string): Promise<T | null> {
  try {
    const { data } = await call<T>(path, { token: token.value });
    answered = Date.now();
    unanswered.value = false;
    return data;
  } catch (error) {
    unanswered.value = true;
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) locked.value = true;
    return null;
  }
}

let past: Heard[] = []; // the events of the hour that is played back
let pastFrom = 0;

/** Fetch the events of the hour that is played back; without them the feed stays empty. */
async function recall({ from, until }: Replay): Promise<void> {
  if (pastFrom === from) return;
  pastFrom = from;
  past = [];
  let next = `since=${encodeURIComponent(new Date(from).toISOString())}`;
  for (let page = 0; page < PAGES; page += 1) {
    const found = await get<{ items: Heard[]; next: string }>(`ioc/events?${next}&limit=${PAGE}`);
    if (!found) pastFrom = 0; // asked again with the next step
    if (!found || pastFrom !== from) return;
    past = [...past, ...found.items];
    const last = found.items.at(-1);
    if (found.items.length < PAGE || !last || Date.parse(last.time) > until) return;
    next = `after=${encodeURIComponent(found.next)}`;
  }
}

function noted(figures: Summary): void {
  const { offset, behind } = figures.watermark;
  if (behind === 0 || offset !== summary.value?.watermark.offset) proven = Date.now();
}

/** Ask for the figures, as of now or, with `at`, as of a past moment; today's are none of a past one. */
async function askFigures(at = ''): Promise<void> {
  const [figures, queues, raised] = await Promise.all([
    get<Summary>(`ioc/summary${at}`),
    get<{ all: OneStop }>(`ioc/onestop${at}`),
    get<{ items: Incident[] }>(`ioc/incidents?state=open${at.replace('?', '&')}`),
  ]);
  batch(() => {
    if (figures) {
      noted(figures);
      summary.value = figures;
    }
    incidents.value = raised?.items ?? incidents.value;
    onestop.value = queues?.all ?? (at ? null : onestop.value);
  });
}

/** Ask what was on time lately: a share over all years would move no more. */
async function askShares(now: number, at = ''): Promise<void> {
  const asked = `from=${encodeURIComponent(new Date(now - SHARES_MS).toISOString())}${at.replace('?', '&')}`;
  const [figures, categories] = await Promise.all([
    get<Summary>(`ioc/summary?${asked}`),
    get<{ items: Summary['by_category'] }>(`ioc/categories?${asked}`),
  ]);
  // where a few stand in some row, a summary tells the shares of one table only: that of the units
  if (figures && categories) shares.value = { ...figures, by_category: categories.items };
}

/** Ask for the open cases; what was heard lately is laid over them, since they may be older. */
async function askCases(at = ''): Promise<void> {
  const asked = new Map<string, OpenCase>();
  let next: string | null = '';
  for (let page = 0; page < PAGES && next !== null; page += 1) {
    const cursor: string = next && `${at ? '&' : '?'}cursor=${encodeURIComponent(next)}`;
    const found: { items: CaseRow[]; next: string | null } | null = await get(`ioc/cases${at}${cursor}`);
    if (!found) return;
    for (const each of found.items) asked.set(each.code, openCase(each));
    next = found.next;
  }
  cases.value = at ? asked : after(asked, [...lately.map((each) => each.event), ...gathered]);
}

async function askPast(then: Replay): Promise<void> {
  const at = `?at=${encodeURIComponent(new Date(then.at).toISOString())}`;
  await recall(then);
  await Promise.all([askFigures(at), askCases(at), askShares(then.at, at)]);
  feed.value = feedAt(past, then.at, FEED);
}

const figuresOfNow = paced(async () => {
  await askFigures();
  if (summary.value?.watermark.behind) figuresOfNow.soon(TOGETHER_MS);
}, () => REST_MS);
const casesOfNow = paced(() => askCases(), () => MAP_REST_MS);
const sharesOfNow = paced(() => askShares(Date.now()), () => SHARES_REST_MS);
const ofThen = paced(() => (replay.value ? askPast(replay.value) : Promise.resolve()), () => 0);

/** Show the moment of the replay, once the question before it is answered. */
export const askThen = (): void => ofThen.soon();

function askAll(): void {
  figuresOfNow.soon();
  casesOfNow.soon();
  sharesOfNow.soon();
}

/** Follow the live stream, or show a replay's moment, until the returned function is called. */
export function run(): () => void {
  if (replay.value) {
    askThen();
    return () => undefined;
  }
  askAll();
  void recent();
  const batches = setInterval(flush, BATCH_MS);
  const every = setInterval(() => {
    figuresOfNow.soon();
    if (stream.value === 'live') return;
    casesOfNow.soon(); // nobody tells us: ask
    void recent();
  }, EVERY_MS);
  const whole = setInterval(() => {
    casesOfNow.soon();
    sharesOfNow.soon();
  }, MAP_EVERY_MS);
  const end = follow({
    url: '/api/v1/ioc/stream',
    token: () => token.value,
    onEvent: ({ event, data }) => {
      answered = Date.now();
      if (event === 'reset') return askAll();
      if (event === 'expired') return; // the next connection is refused, and says so
      take(data);
      figuresOfNow.soon(TOGETHER_MS);
    },
    onState: (state, status) => {
      stream.value = state;
      if (state === 'live') askAll();
      if (status === 401 || status === 403) locked.value = true;
    },
  });
  return () => {
    end();
    [every, batches, whole].forEach(clearInterval);
  };
}

const RECENT_MS = 10 * 60_000;

/** What happened lately: the feed begins with it, and lives of it while the stream is lost. */
async function recent(): Promise<void> {
  const since = new Date(Date.now() - RECENT_MS).toISOString();
  const found = await get<{ items: Heard[] }>(
    `ioc/events?since=${encodeURIComponent(since)}&limit=${PAGE}`,
  );
  if (found && (!feed.value.length || stream.value !== 'live')) feed.value = feedAt(found.items, Date.now(), FEED);
}

let gathered: Heard[] = [];
let lately: { at: number; event: Heard }[] = []; // of the map; the server's list may lack them

function take(data: string): void {
  let event: Heard;
  try {
    event = JSON.parse(data) as Heard;
  } catch {
    return;
  }
  if (event.type && event.data) gathered.push(event);
}

/** Show what was gathered: fifty events a second are two pictures, not fifty. */
function flush(): void {
  if (!gathered.length) return;
  const events = gathered;
  gathered = [];
  const at = Date.now();
  lately = lately.filter((each) => each.at > at - LATELY_MS);
  for (const event of events) if (event.data.case) lately.push({ at, event });
  batch(() => {
    cases.value = after(cases.value, events);
    show(events);
  });
}

/** The newest of some events above those that the feed has. */
function show(events: readonly Heard[]): void {
  const known = new Set(feed.value.map((each) => each.id));
  const fresh = events.filter((each) => toldOf(each) && !known.has(each.id)).slice(-FEED).reverse();
  if (fresh.length) feed.value = [...fresh, ...feed.value].slice(0, FEED);
}
