/** The worker of the reporter's pages: the shell without a network, and sending in the background.
 It never answers for the server: no answer of the API is made up here. */
import { needsPerson } from './logic/queue';
import { byFetch, sendDue } from './sender';
import { outbox } from './store';

declare const BUILD: string;
declare const PRECACHE: string[];
declare const WARM: string[]; // the map: kept once the first view is done

interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}
interface Fetching extends Waiting {
  request: Request;
  respondWith(answer: Promise<Response>): void;
}
interface Scope {
  skipWaiting(): Promise<void>;
  clients: { claim(): Promise<void>; openWindow(url: string): Promise<unknown>; matchAll(): Promise<{ postMessage(message: unknown): void }[]> };
  registration: { showNotification(title: string, options?: object): Promise<void> };
}
const scope = self as unknown as Scope;
const SHELL = `shell-${BUILD}`;
const PUBLIC = 'public-data';
const PAGE_WAIT_MS = 3000;
const KEPT_SHELLS = 2; // a page of the build before may still be open
const FRESHENED = ['/api/v1/categories', '/api/v1/units', '/api/v1/areas', '/api/v1/areas.geojson'];

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
  const said = (event as MessageEvent).data;
  if (said === 'take-over') void scope.skipWaiting();
  if (said === 'warm') (event as unknown as Waiting).waitUntil(warm().catch(() => undefined));
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

/** Keep what the map needs, so that a pin can be set where there is no network. */
async function warm(): Promise<void> {
  const cache = await caches.open(SHELL);
  for (const each of WARM) if (!(await cache.match(each, { ignoreVary: true }))) await cache.add(each);
}

function isOurs(path: string): boolean {
  return path === '/' || /^\/(r|map|onestop|apps|offices|mine|opt-out|confirm)(\/|$)/.test(path);
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

interface Said {
  title: string;
  tag: string;
  code: string;
  status: string;
  due: string;
  link: string;
}

// a push says no more than code, state and due time; whoever presses it reads the rest on the page
self.addEventListener('push', (event) => {
  const said = (event as unknown as { data: { json(): Said } | null }).data?.json();
  if (!said) return;
  const options = { body: [said.code, said.status, said.due].filter(Boolean).join(' · '), tag: said.tag, icon: '/static/icon-192.png', data: { code: said.code } };
  (event as Waiting).waitUntil(scope.registration.showNotification(said.title, options));
});

self.addEventListener('notificationclick', (event) => {
  const { notification } = event as unknown as { notification: { data: { code: string } | null; close(): void } };
  notification.close();
  const to = notification.data?.code ? `/r/${encodeURIComponent(notification.data.code)}` : '/mine';
  (event as Waiting).waitUntil(scope.clients.openWindow(to));
});

self.addEventListener('sync', (event) => {
  if ((event as unknown as { tag: string }).tag.startsWith('send')) (event as Waiting).waitUntil(sendAll());
});

// the worker has no words of its own; these follow who sends
const SENT = { vi: ['Đà Lạt trực tuyến', 'Đã gửi phản ánh'], en: ['Đà Lạt Online', 'Report sent:'] } as const;

async function sendAll(): Promise<void> {
  const language = (await outbox()).find((each) => each.language)?.language ?? 'vi';
  const codes = await sendDue(byFetch, language, true);
  for (const each of await scope.clients.matchAll()) each.postMessage({ sent: codes });
  if (codes.length && typeof Notification !== 'undefined' && Notification.permission === 'granted') {
    const [title, words] = SENT[language];
    await scope.registration.showNotification(title, { body: `${words} ${codes.join(', ')}`, icon: '/static/icon-192.png' });
  }
  // only a promise that fails has the browser try again later, with the page closed
  if ((await outbox()).some((each) => !needsPerson(each))) throw new Error('some reports are still waiting');
}
