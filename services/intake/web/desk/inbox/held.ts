/** The rows of an inbox: fetched, kept while others are fetched, never jumping under a hand. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { announce } from '@web/ui/kit';
import { type Loaded, useLoaded } from '../loading';
import { DONE_STATES, OPEN_STATES, type Row, inPlace, isDone, merged, news } from '../model';
import { type Listed, page, whole } from '../paging';

const PATH = 'desk/cases';

export interface Filter {
  q: string;
  category: string;
  state: string;
}

export const NO_FILTER: Filter = { q: '', category: '', state: '' };
const keyOf = (filter: Filter): string => `${filter.q}|${filter.category}|${filter.state}`;

export interface Held {
  key: string; // the filter that they answer
  rows: Row[];
  next: string | null;
}

/** A list with the page behind it, where it still is the one that this page was asked for. */
export function furthered(
  old: Held,
  asked: { key: string; from: string },
  found: Listed<Row>,
): Held {
  if (old.key !== asked.key || old.next !== asked.from) return old;
  return { ...old, rows: merged(old.rows, found.items), next: found.next };
}

export interface Open {
  held: Held | null;
  fresh: Row[];
  waiting: boolean;
  loaded: Loaded<Listed<Row>>;
  showFresh: () => void;
  loadMore: () => Promise<void>;
}

/** The open cases: they stay while others are fetched, and never jump under a hand. */
export function useOpen(filter: Filter): Open {
  const key = keyOf(filter);
  // a done state has no open case; asking for none keeps the page as it is
  const asked = { ...filter, state: filter.state || OPEN_STATES.join() };
  const none = isDone(filter.state);
  const list = (): Promise<Listed<Row>> =>
    none ? Promise.resolve({ items: [], next: null }) : whole<Row>(PATH, asked);
  const loaded = useLoaded(key, list);
  const [held, setHeld] = useState<Held | null>(null);
  useEffect(() => {
    const found = loaded.data;
    if (!found) return;
    // known rows change in place, new ones wait above a bar
    setHeld((old) =>
      old?.key === key
        ? { ...old, rows: inPlace(old.rows, found.items, found.next !== null) }
        : { key, rows: found.items, next: found.next },
    );
  }, [loaded.data]);
  const current = held?.key === key;
  const fresh = current && loaded.data ? news(held.rows, loaded.data.items).added : [];
  useEffect(() => {
    if (fresh.length) announce(t('inbox.news', { n: fresh.length }));
  }, [fresh.length]);
  const showFresh = (): void => {
    const found = loaded.data;
    if (found) setHeld({ key, rows: found.items, next: found.next });
  };
  const loadMore = async (): Promise<void> => {
    const from = held!.next!;
    const found = await page<Row>(PATH, asked, from);
    setHeld((old) => old && furthered(old, { key, from }, found));
  };
  return { held, fresh, waiting: held !== null && !current, loaded, showFresh, loadMore };
}

export interface Past {
  rows: readonly Row[];
  more: (() => Promise<void>) | null;
  busy: boolean;
}

const NOTHING: Listed<Row> = { items: [], next: null };

/** The cases that nobody owes anything, the latest first; fetched only where they are shown. */
export function usePast(filter: Filter, shown: boolean): Past {
  const wanted = shown && (!filter.state || isDone(filter.state));
  const asked = { ...filter, state: filter.state || DONE_STATES.join(), newest: 'true' };
  const key = wanted ? keyOf(filter) : 'none';
  const loaded = useLoaded(key, () =>
    wanted ? page<Row>(PATH, asked) : Promise.resolve(NOTHING),
  );
  const [further, setFurther] = useState<Held | null>(null);
  const first = loaded.data ?? NOTHING;
  const behind = further?.key === key ? further : { key, rows: [], next: first.next };
  const more = async (): Promise<void> => {
    const found = await page<Row>(PATH, asked, behind.next!);
    setFurther({ key, rows: [...behind.rows, ...found.items], next: found.next });
  };
  // the first page is fetched anew with every change, what was asked for further is not
  const rows = useMemo(() => merged(behind.rows, first.items), [first, further, key]);
  return { rows, more: behind.next ? more : null, busy: wanted && !loaded.data };
}
