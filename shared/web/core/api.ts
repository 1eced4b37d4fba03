/** Calls of the public API: JSON in, JSON or a problem document out. */
import { language, sentence } from './i18n';

export interface FieldProblem {
  field: string;
  code: string;
  detail: string;
}

export interface ProblemDocument {
  type?: string;
  status: number;
  detail?: string;
  detail_vi?: string;
  detail_en?: string;
  errors?: FieldProblem[];
  [more: string]: unknown;
}

/** An answer that is not what was asked for; `status` 0 means that no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: ProblemDocument,
    readonly retryAfterS: number | null = null,
  ) {
    super(problem.detail ?? String(status));
  }

  /** The server's words in the reader's language; empty when there was no answer of ours. */
  get words(): string {
    const { detail_vi, detail_en, detail } = this.problem;
    return (language.value === 'en' ? detail_en : detail_vi) ?? detail ?? '';
  }

  /** Why content was refused, field by field; empty when the words say it all. */
  get reasons(): string[] {
    if (!/^(invalid_|bad_request$)/.test(this.code)) return [];
    const details = (this.problem.errors ?? []).map((each) => sentence(each.detail));
    return [...new Set(details)].filter(Boolean);
  }

  get code(): string {
    return this.problem.type?.replace('urn:civic:problem:', '') ?? '';
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

export interface CallOptions {
  method?: string;
  body?: unknown; // sent as JSON
  form?: FormData;
  token?: string | null;
  key?: string; // Idempotency-Key
  ifMatch?: string;
  ifNoneMatch?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
}

export interface Answer<T> {
  data: T;
  status: number; // 304 has no data
  etag: string | null;
  headers: Headers;
}

const TIMEOUT_MS = 20_000;
const REST_MS = 60_000; // for what comes behind the head: a line that is cut there says nothing
export const BASE = '/api/v1';

/** Call a path below /api/v1; throws ApiError. */
export async function call<T>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
  const stop = new AbortController();
  let timer = setTimeout(() => stop.abort(), options.timeoutMs ?? TIMEOUT_MS);
  options.signal?.addEventListener('abort', () => stop.abort(), { once: true });
  try {
    const response = await fetch(path.startsWith('/') || path.startsWith('http') ? path : `${BASE}/${path}`, {
      method: options.method ?? (options.body !== undefined || options.form ? 'POST' : 'GET'),
      headers: headersOf(options),
      body: options.form ?? (options.body === undefined ? undefined : JSON.stringify(options.body)),
      signal: stop.signal,
      credentials: 'same-origin',
      cache: 'no-store',
    });
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), REST_MS);
    return await read<T>(response);
  } catch (error) {
    if (error instanceof ApiError) throw error;
    throw new ApiError(0, { status: 0 }); // no answer, or half of one
  } finally {
    clearTimeout(timer);
  }
}

/** The data alone. */
export async function get<T>(path: string, options: CallOptions = {}): Promise<T> {
  return (await call<T>(path, options)).data;
}

function headersOf(options: CallOptions): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language.value };
  if (options.body !== undefined && !options.form) headers['Content-Type'] = 'application/json';
  if (options.token) headers['Authorization'] = `Bearer ${options.token}`;
  if (options.key) headers['Idempotency-Key'] = options.key;
  if (options.ifMatch) headers['If-Match'] = options.ifMatch;
  if (options.ifNoneMatch) headers['If-None-Match'] = options.ifNoneMatch;
  return headers;
}

async function read<T>(response: Response): Promise<Answer<T>> {
  const kind = response.headers.get('content-type') ?? '';
  const json = /\bjson\b/.test(kind);
  if (response.ok || response.status === 304) {
    const empty = response.status === 204 || response.status === 304;
    // a hotel's sign-in page answers 200 for everybody: what is not JSON is not our server
    if (!json && !empty) throw new ApiError(0, { status: 0, detail: 'not our server' });
    const data = empty ? (undefined as T) : ((await response.json()) as T);
    return { data, status: response.status, etag: response.headers.get('etag'), headers: response.headers };
  }
  const problem = json ? ((await response.json().catch(() => ({}))) as ProblemDocument) : { status: response.status };
  const after = Number(response.headers.get('retry-after'));
  throw new ApiError(response.status, problem, Number.isFinite(after) && after > 0 ? after : null);
}
