/** Who is signed in, and calls in their name. Tokens live in this tab only: desks are shared. */
import { signal } from '@preact/signals';
import { type Answer, ApiError, BASE, type CallOptions, call } from '@web/core/api';

export interface Me {
  account: string;
  username: string;
  display_name: string;
  role: string;
  unit: string | null;
  must_change_password: boolean;
  enters?: string[]; // channels for which one enters reports for others
}

interface Tokens extends Me {
  access_token: string;
  refresh_token: string;
}

const KEPT = 'desk.session';
/** What begins with this is somebody's unsent words: they go when they sign out. */
export const DRAFTS = 'desk.draft.';

export const me = signal<Me | null>(null);
/** True while a call waits for somebody to sign in again; the page behind it stays as it is. */
export const asked = signal(false);
/** Counts the tokens that this tab was given: who was turned away may ask again. */
export const renewals = signal(0);

let tokens: Tokens | null = null;
let refreshing: Promise<boolean> | null = null;
let waiting: (() => void)[] = [];

/** Take up the session of this tab, if there is one. */
export function resume(): void {
  const kept = sessionStorage.getItem(KEPT);
  if (kept) take(JSON.parse(kept) as Tokens);
}

export async function signIn(username: string, password: string): Promise<void> {
  const response = await fetch(`${BASE}/auth/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', username, password }),
    cache: 'no-store',
  }).catch(() => {
    throw new ApiError(0, { status: 0 });
  });
  const body = await response.json().catch(() => ({ status: response.status }));
  if (!response.ok) throw new ApiError(response.status, body);
  // what waits was written by whoever was signed in: nobody else sends it in their own name
  if (me.value && me.value.account !== (body as Tokens).account) waiting = [];
  take(body as Tokens);
  release();
}

export async function changePassword(current: string, chosen: string): Promise<void> {
  const body = { current_password: current, new_password: chosen };
  const answer = await call<Tokens>('auth/password', { body, token: tokens?.access_token });
  take(answer.data);
}

export async function signOut(): Promise<void> {
  await call('auth/logout', { method: 'POST', token: tokens?.access_token }).catch(() => undefined);
  forget();
}

/** Call the API as who is signed in. An expired session asks for a sign-in and then goes on. */
export async function authed<T>(path: string, options: CallOptions = {}): Promise<Answer<T>> {
  for (;;) {
    try {
      return await call<T>(path, { ...options, token: tokens?.access_token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      if (await refresh()) continue;
      await signedInAgain();
    }
  }
}

/** Call without ever asking for a sign-in: for what the page does by itself. */
export async function quietly<T>(path: string, options: CallOptions = {}): Promise<T> {
  for (let renewed = false; ; renewed = true) {
    try {
      return (await call<T>(path, { ...options, token: tokens?.access_token })).data;
    } catch (error) {
      const over = error instanceof ApiError && error.status === 401;
      if (!over || renewed || !(await refresh())) throw error;
    }
  }
}

/** A call that is still sent when the page goes; nobody waits for its answer. */
export function lastWord(path: string): void {
  if (!tokens) return;
  const headers = { Authorization: `Bearer ${tokens.access_token}` };
  void fetch(`${BASE}/${path}`, { method: 'DELETE', headers, keepalive: true }).catch(() => undefined);
}

/** The access token for a stream: renewed when the last one was turned away. */
export async function streamToken(renew: boolean): Promise<string | null> {
  if (renew) await refresh();
  return tokens?.access_token ?? null;
}

/** What the API gives as a file; the session is renewed once where it is over. */
async function fetched(path: string, signal?: AbortSignal): Promise<Response> {
  for (let renewed = false; ; renewed = true) {
    const headers = { Authorization: `Bearer ${tokens?.access_token ?? ''}` };
    const response = await fetch(path, { headers, signal }).catch(() => {
      throw new ApiError(0, { status: 0 });
    });
    if (response.ok) return response;
    if (response.status !== 401 || renewed || !(await refresh())) {
      const problem = await response.json().catch(() => ({ status: response.status }));
      throw new ApiError(response.status, problem);
    }
  }
}

/** A file as a URL for <img> and <audio>, since neither sends a token. Revoke it after use. */
export async function blobOf(path: string, signal?: AbortSignal): Promise<string> {
  return URL.createObjectURL(await (await fetched(path, signal)).blob());
}

/** A file that somebody asked for: where the session is over they sign in again, and get it. */
async function insistently(path: string): Promise<Response> {
  for (;;) {
    try {
      return await fetched(path);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401) throw error;
      await signedInAgain();
    }
  }
}

/** Hand a file that the API gives to the person, under the name that the API chose. */
export async function download(path: string): Promise<void> {
  const response = await insistently(path);
  const name = /filename="([^"]+)"/.exec(response.headers.get('content-disposition') ?? '')?.[1] ?? 'tep';
  const url = URL.createObjectURL(await response.blob());
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function refresh(): Promise<boolean> {
  // a refresh token works once: two calls that both met 401 must share one renewal
  refreshing ??= renew().finally(() => (refreshing = null));
  return refreshing;
}

async function renew(): Promise<boolean> {
  if (!tokens) return false;
  try {
    take((await call<Tokens>('auth/refresh', { body: { refresh_token: tokens.refresh_token } })).data);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status > 0 && error.status < 500) return false;
    throw error;
  }
}

function signedInAgain(): Promise<void> {
  asked.value = true;
  return new Promise((resolve) => waiting.push(resolve));
}

function release(): void {
  asked.value = false;
  const held = waiting;
  waiting = [];
  for (const go of held) go();
}

function take(given: Tokens): void {
  // a desk is shared: whoever signs in next finds no words of the one before
  if (me.value && me.value.account !== given.account) forgetDrafts();
  tokens = given;
  sessionStorage.setItem(KEPT, JSON.stringify(given));
  const { account, username, display_name, role, unit, must_change_password, enters } = given;
  me.value = { account, username, display_name, role, unit, must_change_password, enters };
  renewals.value += 1;
}

function forget(): void {
  tokens = null;
  sessionStorage.removeItem(KEPT);
  forgetDrafts();
  me.value = null;
}

function forgetDrafts(): void {
  for (const key of Object.keys(sessionStorage)) {
    if (key.startsWith(DRAFTS)) sessionStorage.removeItem(key);
  }
}
