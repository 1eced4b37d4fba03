/** Where the wall's figures come from: asked when something happened, at the latest every 10 s. */
import { signal } from '@preact/signals';
import { ApiError, call } from '@web/core/api';
import { type StreamState, follow } from '@web/core/sse';
import type { Areas } from '@web/map/geo';
import { locked, token } from './access';
import { type Heard, type OpenCase, type Replay, type Summary, after } from './model';

export interface Named {
  id: string;
  name: { vi: string; en?: string | null };
  short?: string | { vi: string; en?: string | null } | null;
}

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
}

export const incidents = signal<readonly Incident[] | null>(null);
export const summary = signal<Summary | null>(null);
export const cases = signal<ReadonlyMap<string, OpenCase>>(new Map());
export const onestop = signal<OneStop | null>(null);
export const feed = signal<readonly Heard[]>([]);
export const heard = signal(0); // when the server was last heard
export const stream = signal<StreamState>('connecting');
export const names = signal<Record<string, Named>>({});
export const ground = signal<Areas | null>(null);
export const replay = signal<Replay | null>(null);

const FEED = 4;
const EVERY_MS = 10_000;
const TOGETHER_MS = 800; // a burst of events is one question

async function get<T>(path: string): Promise<T | null> {
  try {
    const { data } = await call<T>(path, { token: token.value });
    heard.value = Date.now();
    return data;
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) locked.value = true;
    return null;
  }
}

/** Ask for everything that the wall shows, as of now or as of a past moment. */
export async function ask(): Promise<void> {
  const at = replay.value ? `?at=${encodeURIComponent(new Date(replay.value.at).toISOString())}` : '';
  const then = replay.value ? new Date(replay.value.at + 7 * 3_600_000).toISOString().slice(0, 10) : '';
  const [figures, open, queues, raised] = await Promise.all([
    get<Summary>(`ioc/summary${at}`),
    get<{ items: OpenCase[] }>(`ioc/cases${at}`),
    get<{ all: OneStop }>(`ioc/onestop${then && `?on=${then}`}`),
    replay.value ? null : get<{ items: Incident[] }>('ioc/incidents?state=open'),
  ]);
  if (figures) summary.value = figures;
  if (open) cases.value = new Map(open.items.map((each) => [each.code, each]));
  incidents.value = replay.value ? null : (raised?.items ?? incidents.value);
  onestop.value = queues?.all ?? onestop.value;
}

/** Names and the ground come from intake, where everybody may read them. */
export async function learn(intake: string): Promise<void> {
  const lists = await Promise.all(['categories', 'units', 'areas'].map((each) => open<{ items: Named[] }>(`${intake}/api/v1/${each}`)));
  names.value = Object.fromEntries(lists.flatMap((each) => each?.items ?? []).map((each) => [each.id, each]));
  ground.value = await open<Areas>(`${intake}/api/v1/areas.geojson`);
}

async function open<T>(url: string): Promise<T | null> {
  const answer = await fetch(url, { credentials: 'omit' }).catch(() => null);
  return answer?.ok ? ((await answer.json()) as T) : null;
}

/** Follow the live stream, or run a replay, until the returned function is called. */
export function run(): () => void {
  let soon: ReturnType<typeof setTimeout> | undefined;
  const askSoon = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined;
      void ask();
    }, TOGETHER_MS);
  };
  void ask();
  const every = setInterval(() => (replay.value ? undefined : askSoon()), EVERY_MS);
  const end = replay.value ? () => undefined : follow({
    url: '/api/v1/ioc/stream',
    token: () => token.value,
    onEvent: ({ event, data }) => {
      heard.value = Date.now();
      if (event === 'reset') return askSoon();
      take(data);
      askSoon();
    },
    onState: (state, status) => {
      stream.value = state;
      if (state === 'live') askSoon();
      if (status === 401 || status === 403) locked.value = true;
    },
  });
  return () => {
    end();
    clearInterval(every);
    clearTimeout(soon);
  };
}

function take(data: string): void {
  let event: Heard;
  try {
    event = JSON.parse(data) as Heard;
  } catch {
    return;
  }
  if (!event.type || !event.data) return;
  cases.value = after(cases.value, event);
  if (!feed.value.some((each) => each.id === event.id)) feed.value = [event, ...feed.value].slice(0, FEED);
}
