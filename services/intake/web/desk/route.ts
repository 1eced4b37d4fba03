/** Where in the desk one is: the path holds it, so that a reload and the back button work. */
import { signal } from '@preact/signals';

const NAMED = [
  'inbox', 'triage', 'leaders', 'disclosures', 'onestop', 'audit', 'operations', 'entry', 'settings',
] as const;
type Named = (typeof NAMED)[number];

export type Place =
  | { name: 'home' | Named }
  | { name: 'case'; code: string };

export const place = signal<Place>(read());

function read(): Place {
  const path = typeof location === 'undefined' ? '/desk' : location.pathname;
  const [, , first, second] = path.split('/');
  if (first === 'cases' && second) return { name: 'case', code: decodeURIComponent(second) };
  const named = NAMED.find((each) => each === first);
  if (named) return { name: named };
  return { name: 'home' };
}

export function pathOf(to: Place): string {
  if (to.name === 'case') return `/desk/cases/${encodeURIComponent(to.code)}`;
  return to.name === 'home' ? '/desk' : `/desk/${to.name}`;
}

/** What an entry of the history keeps beside its address, for the way back. */
interface Kept {
  typed?: string; // a search may hold a name: never in an address
  scroll?: number;
  inbox?: boolean; // the inbox stands here
  fromInbox?: boolean; // and it is the entry before this one
}

const kept = (): Kept => (history.state as Kept | null) ?? {};

export function go(to: Place): void {
  history.replaceState({ ...kept(), scroll: scrollY }, '');
  history.pushState({ fromInbox: kept().inbox }, '', pathOf(to));
  arrive();
}

let lastQuery = '';

/** To the inbox as it was left: one step back, if one came from there. */
export function toInbox(): void {
  if (kept().fromInbox) return history.back();
  go({ name: 'inbox' });
  history.replaceState(kept(), '', location.pathname + lastQuery);
}

/** What the inbox was asked for, as its entry of the history holds it. */
export function askedHere(): { typed: string; query: URLSearchParams } {
  return { typed: kept().typed ?? '', query: new URLSearchParams(location.search) };
}

/** Keep what the inbox is asked for; empty values are left out. */
export function keepAsked(typed: string, asked: Readonly<Record<string, string>>): void {
  if (!['inbox', 'home'].includes(read().name)) return; // one has gone on meanwhile
  const query = new URLSearchParams(Object.entries(asked).filter(([, value]) => value));
  lastQuery = query.size ? `?${query}` : '';
  history.replaceState({ ...kept(), typed, inbox: true }, '', location.pathname + lastQuery);
}

/** Whether the page shown was reached from another one of the desk. */
export const moved = (): boolean => hasMoved;
let hasMoved = false;
/** Counts the pages that were gone to: each begins anew, also the one that is there already. */
export const visits = signal(0);

function arrive(): void {
  hasMoved = true;
  visits.value += 1;
  wantedScroll = kept().scroll ?? 0;
  place.value = read();
  scrollTo(0, 0);
  // what a page load would do: screen readers begin at the new heading
  setTimeout(() => document.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true }), 50);
}

let wantedScroll = 0;

/** Scroll to where this entry of the history was left, when its rows stand; once. */
export function scrollBack(): void {
  if (wantedScroll) scrollTo(0, wantedScroll);
  wantedScroll = 0;
}

export function listenToHistory(): void {
  history.scrollRestoration = 'manual'; // the browser scrolls before the rows have come
  addEventListener('popstate', arrive);
}

/** For links: a plain click stays in the page, any other click is the browser's. */
export const onLink = (to: Place): ((event: MouseEvent) => void) => onPlain(() => go(to));

export function onPlain(follow: () => void) {
  return (event: MouseEvent): void => {
    const plain = !(event.metaKey || event.ctrlKey || event.shiftKey || event.altKey);
    if (event.defaultPrevented || event.button !== 0 || !plain) return;
    event.preventDefault();
    follow();
  };
}
