/** Where in the desk one is: the path holds it, so that a reload and the back button work. */
import { signal } from '@preact/signals';

export type Place =
  | { name: 'home' | 'inbox' | 'triage' | 'leaders' | 'disclosures' | 'onestop' }
  | { name: 'case'; code: string };

export const place = signal<Place>(read());

function read(): Place {
  const [, , first, second] = (typeof location === 'undefined' ? '/desk' : location.pathname).split('/');
  if (first === 'cases' && second) return { name: 'case', code: decodeURIComponent(second) };
  if (first === 'inbox' || first === 'triage' || first === 'leaders' || first === 'disclosures' || first === 'onestop') return { name: first };
  return { name: 'home' };
}

export function pathOf(to: Place): string {
  if (to.name === 'case') return `/desk/cases/${encodeURIComponent(to.code)}`;
  return to.name === 'home' ? '/desk' : `/desk/${to.name}`;
}

export function go(to: Place): void {
  history.pushState(null, '', pathOf(to));
  arrive();
}

/** Whether the page shown was reached from another one of the desk. */
export const moved = (): boolean => hasMoved;
let hasMoved = false;

function arrive(): void {
  hasMoved = true;
  place.value = read();
  scrollTo(0, 0);
  // what a page load would do: screen readers begin at the new heading
  setTimeout(() => document.querySelector<HTMLElement>('h1')?.focus(), 50);
}

export function listenToHistory(): void {
  addEventListener('popstate', arrive);
}

/** For links: a plain click stays in the page, any other click is the browser's. */
export function onLink(to: Place) {
  return (event: MouseEvent): void => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
}
