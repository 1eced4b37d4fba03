/** Server-sent events by fetch: EventSource sends no Authorization, and a token is never in a URL. */
import { onSight } from './sight';

export interface ServerEvent {
  event: string;
  data: string;
  id: string;
}

export type StreamState = 'connecting' | 'live' | 'lost';

export interface StreamOptions {
  url: string;
  token?: string | (() => string | null | Promise<string | null>);
  lastEventId?: string;
  onEvent: (event: ServerEvent) => void;
  onState?: (state: StreamState, status?: number) => void;
  rests?: boolean; // let go while the page is hidden: a browser has six connections to a server for all its tabs
  restAfterMs?: number;
  silenceMs?: number; // nothing for this long, not even a comment: connect again
}

const SILENCE_MS = 30_000;
const BACK_OFF_MS = [1000, 2000, 5000, 15_000, 30_000];

/** Follow a stream until the returned function is called; connects again by itself. */
export function follow(options: StreamOptions): () => void {
  let ended = false;
  let stop = new AbortController();
  let lastId = options.lastEventId ?? '';
  let failures = 0;
  let resting = false;
  let wake: (() => void) | null = null;
  const say = (state: StreamState, status?: number): void => options.onState?.(state, status);
  const nudge = (): void => wake?.();

  async function run(): Promise<void> {
    while (!ended) {
      say('connecting');
      if (resting) {
        await new Promise<void>((resolve) => (wake = resolve));
        continue;
      }
      const status = await once();
      if (ended) return;
      if (resting) continue;
      say('lost', status);
      if (status === 401 || status === 403 || status === 404) return blind(); // asking again does not help
      const wait = BACK_OFF_MS[Math.min(failures, BACK_OFF_MS.length - 1)]! * (0.5 + Math.random() / 2);
      failures += 1;
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, wait);
      });
    }
  }

  async function once(): Promise<number> {
    stop = new AbortController();
    let timer = setTimeout(() => stop.abort(), options.silenceMs ?? SILENCE_MS);
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(), options.silenceMs ?? SILENCE_MS);
    };
    try {
      const token = typeof options.token === 'function' ? await options.token() : options.token;
      const headers: Record<string, string> = { Accept: 'text/event-stream' };
      if (token) headers['Authorization'] = `Bearer ${token}`;
      if (lastId) headers['Last-Event-ID'] = lastId;
      const response = await fetch(options.url, { headers, signal: stop.signal, cache: 'no-store', credentials: 'omit' });
      if (!response.ok || !response.body) return response.status;
      say('live');
      failures = 0;
      const parser = new SseParser((event) => {
        if (event.id) lastId = event.id;
        options.onEvent(event);
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return 0;
        alive();
        parser.feed(value);
      }
    } catch {
      return 0;
    } finally {
      clearTimeout(timer);
    }
  }

  const sight = (seen: boolean): void => {
    resting = !seen;
    if (seen) failures = 0;
    if (seen) nudge();
    else stop.abort();
  };
  const blind = options.rests ? onSight(sight, options.restAfterMs) : (): void => undefined;
  if (typeof addEventListener === 'function') addEventListener('online', nudge);
  void run();
  return () => {
    ended = true;
    blind();
    stop.abort();
    nudge();
    if (typeof removeEventListener === 'function') removeEventListener('online', nudge);
  };
}

/** Turns pieces of text into events, wherever the pieces are cut. */
export class SseParser {
  private rest = '';
  private data: string[] = [];
  private event = '';
  private id = '';

  constructor(private readonly onEvent: (event: ServerEvent) => void) {}

  feed(piece: string): void {
    this.rest += piece;
    let held = '';
    if (this.rest.endsWith('\r')) {
      held = '\r'; // perhaps half of \r\n
      this.rest = this.rest.slice(0, -1);
    }
    const lines = this.rest.split(/\r\n|\n|\r/);
    this.rest = lines.pop()! + held;
    for (const line of lines) this.line(line);
  }

  private line(line: string): void {
    if (line === '') {
      if (this.data.length) this.onEvent({ event: this.event || 'message', data: this.data.join('\n'), id: this.id });
      this.data = [];
      this.event = '';
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') this.data.push(value);
    else if (field === 'event') this.event = value;
    else if (field === 'id' && !value.includes('\0')) this.id = value;
  }
}
