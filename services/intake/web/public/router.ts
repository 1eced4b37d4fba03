/** Paths to screens, without a reload between them. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

export const path = signal(typeof location === 'undefined' ? '/' : location.pathname);

export const arrivals = signal(0); // counts the presses that lead here, also to the screen that is open

const PATIENCE_MS = 3000;

/** Go on to another screen; "back" finds this one where it was left. */
export function go(to: string): void {
  history.replaceState({ ...(history.state as object | null), y: scrollY }, '');
  history.pushState(null, '', to);
  path.value = location.pathname;
  arrivals.value += 1;
  scrollTo(0, 0);
}

/** Follow links of ours by ourselves; everything else is the browser's. */
export function startRouter(ours: (path: string) => boolean): void {
  addEventListener('popstate', () => {
    path.value = location.pathname;
    scrollBack((history.state as { y?: number } | null)?.y ?? 0);
  });
  document.addEventListener('click', (event) => {
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.origin !== location.origin || link.target || link.hasAttribute('download')) return;
    if (link.hash && link.pathname === location.pathname) return;
    if (!ours(link.pathname)) return;
    event.preventDefault();
    go(link.pathname + link.search + link.hash);
  });
}

/** Scroll to where a screen was left, once it is long enough again. */
function scrollBack(y: number, until = Date.now() + PATIENCE_MS): void {
  if (!y) return scrollTo(0, 0);
  const reach = document.documentElement.scrollHeight - innerHeight;
  if (reach >= y || Date.now() > until) scrollTo(0, Math.min(y, reach));
  else requestAnimationFrame(() => scrollBack(y, until));
}

/** The title of a screen, again in the reader's language when that changes; whoever comes to the
 screen, or to another `part` of it, starts at its heading. */
export function useArrival(title: string, part: unknown = '', focus = true): void {
  useEffect(() => void (document.title = title), [title]);
  useEffect(() => void (focus && document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true })), [part]);
}

/** Set the title and move the reader's focus to the heading of a new screen. */
export function arrive(title: string, focus = true): void {
  document.title = title;
  if (focus) document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
}
