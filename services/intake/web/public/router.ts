/** Paths to screens, without a reload between them. */
import { signal } from '@preact/signals';

export const path = signal(typeof location === 'undefined' ? '/' : location.pathname);

export function go(to: string): void {
  history.pushState(null, '', to);
  path.value = location.pathname;
  scrollTo(0, 0);
}

/** Follow links of ours by ourselves; everything else is the browser's. */
export function startRouter(ours: (path: string) => boolean): void {
  addEventListener('popstate', () => (path.value = location.pathname));
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

/** Set the title and move the reader's focus to the heading of a new screen. */
export function arrive(title: string, focus = true): void {
  document.title = title;
  if (focus) document.querySelector<HTMLElement>('h1')?.focus();
}
