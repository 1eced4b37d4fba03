/** The worker of the reporter's pages: the shell without a network, and sending in the background.
 It never answers for the server: no answer of the API is made up here. */
import { byFetch, sendDue } from './sender';

declare const BUILD: string;
declare const PRECACHE: string[];

interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; matchAll(): Promise<{ postMessage(message: unknown): void }[]> };
  registration: { showNotification(title: string, options?: object): Promise<void> };
}
const scope = self as unknown as Scope;
const SHELL = `shell-${BUILD}`;
const PUBLIC = 'public-data';
const PAGE_WAIT_MS = 3000;
const KEPT_SHELLS = 2; // a page of the build before may still be open
const FRESHENED = ['/api/v1/categories', '/api/v1/units', '/api/v1/areas'];

self.addEventListener('install', (event) => {
  (event as Waiting).waitUntil(
    (async () => {
      const cache = await caches.open(SHELL);
      await cache.addAll(PRECACHE);
      await cache.put('/', await fetch('/', { cache: 'reload' }));
    })(),
  );
});

self.addEventListener('activate', (event) => {
  (event as Waiting).waitUntil(
    (async () => {
      const shells = (await caches.keys()).filter((each) => each.startsWith('shell-'));
      for (const each of shells.slice(0, -KEPT_SHELLS)) if (each !== SHELL) await caches.delete(each);
      await scope.clients.claim();
    })(),
  );
});

self.addEventListener('message', (event) => {
  if ((event as MessageEvent).data === 'take-over') void scope.skipWaiting();
});

self.addEventListener('fetch', (event) => {
  const { request, respondWith } = event as Fetching;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== location.origin) return;
  const answer = respondWith.bind(event);
  if (request.mode === 'navigate') {
    if (isOurs(url.pathname)) answer(page(request));
  } else if (url.pathname.startsWith('/static/')) answer(built(request));
  else if (FRESHENED.includes(url.pathname)) answer(freshened(request, event as Fetching));
});

function isOurs(path: string): boolean {
  return path === '/' || /^\/(r|map|onestop|apps|offices|mine)(\/|$)/.test(path);
}

/** The network's page if it comes within three seconds, else the shell that we hold. */
async function page(request: Request): Promise<Response> {
  const held = caches.match('/', { ignoreVary: true });
  const fresh = fetch(request);
  const slow = new Promise<null>((resolve) => setTimeout(() => resolve(null), PAGE_WAIT_MS));
  const first = await Promise.race([fresh.catch(() => null), slow]);
  if (first && (first.ok || first.type === 'opaqueredirect')) {
    if (new URL(request.url).pathname === '/' && first.ok) {
      const copy = first.clone();
      void caches.open(SHELL).then((cache) => cache.put('/', copy));
    }
    return first;
  }
  return (await held) ?? first ?? fresh;
}

async function built(request: Request): Promise<Response> {
  // a name stands for one content; `Vary: Origin` would hide it from module scripts, which send one
  const held = await caches.match(request.url, { ignoreVary: true });
  if (held) return held;
  const answer = await fetch(request);
  if (answer.ok && /-[A-Z0-9]{8}\./.test(request.url)) {
    const copy = answer.clone();
    void caches.open(SHELL).then((cache) => cache.put(request, copy));
  }
  return answer;
}

async function freshened(request: Request, event: Waiting): Promise<Response> {
  const cache = await caches.open(PUBLIC);
  const held = await cache.match(request, { ignoreVary: true });
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok) await cache.put(request, answer.clone());
    return answer;
  });
  if (!held) return fresh;
  event.waitUntil(fresh.catch(() => undefined));
  return held;
}

self.addEventListener('sync', (event) => {
  if ((event as unknown as { tag: string }).tag.startsWith('send')) (event as Waiting).waitUntil(sendAll());
});

async function sendAll(): Promise<void> {
  const codes = await sendDue(byFetch, 'vi', true);
  for (const each of await scope.clients.matchAll()) each.postMessage({ sent: codes });
  if (codes.length && typeof Notification !== 'undefined' && Notification.permission === 'granted') {
    await scope.registration.showNotification('Đà Lạt trực tuyến', { body: `Đã gửi phản ánh ${codes.join(', ')}`, icon: '/static/icon-192.png' });
  }
}
