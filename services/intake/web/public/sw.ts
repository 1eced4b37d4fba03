/** The worker of the reporter's pages. */
declare const BUILD: string;
declare const PRECACHE: string[];

interface Waiting extends Event {
  waitUntil(done: Promise<unknown>): void;
}

self.addEventListener('install', (event) => {
  (event as Waiting).waitUntil(caches.open(`shell-${BUILD}`).then((cache) => cache.addAll(PRECACHE)));
});
