/** Paths to screens, without a reload between them. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

export const path = signal(typeof location === 'undefined' ? '/' : location.pathname);

export const arrivals = signal(0); // counts the presses that lead here, also to the screen that is open

export const ADDING = 'add-photo'; // asks a report's page for the button of that id

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

/** Give the focus a place when what held it has gone: a button that became a form, a list that became a page. */
export function refocus(to = 'h1'): void {
  if (document.activeElement && document.activeElement !== document.body) return;
  document.querySelector<HTMLElement>(to)?.focus({ preventScroll: true });
}

/** The same whenever `part` of the screen is replaced by another. */
export function useRefocus(part: unknown, to = 'h1'): void {
  const before = useRef(part);
  useEffect(() => {
    if (before.current !== part) refocus(to);
    before.current = part;
  }, [part]);
}

/** Take what stands behind the `#`, now and when another link is pasted over this page's address. */
export function useFragment(take: (words: string) => void): void {
  useEffect(() => {
    const given = (): void => take(location.hash.slice(1));
    given();
    addEventListener('hashchange', given);
    return () => removeEventListener('hashchange', given);
  }, []);
}
