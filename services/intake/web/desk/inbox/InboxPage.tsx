/** The inbox: what is over time, what comes next, whose move it is. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { time } from '@web/core/dates';
import { t } from '@web/core/i18n';
import {
  Button, Empty, Failed, Icon, Loading, Note, Tabs, wordsOf,
} from '@web/ui/kit';
import { unitName } from '../catalogue';
import { KeyHelp } from '../keyhelp';
import { now } from '../live';
import { MapSide } from '../mapside';
import { type Row, type Tab, byUrgency, isDone, merged, said, under } from '../model';
import { counted } from '../paging';
import { Heading, Stale } from '../parts';
import { usePress } from '../pressing';
import { askedHere, keepAsked, scrollBack } from '../route';
import { Rows } from '../rows';
import { me } from '../session';
import { Filters } from './Filters';
import { type Filter, type Open, type Past, useOpen, usePast } from './held';
import { useRows } from './keyboard';

const TABS: readonly Tab[] = ['mine', 'open', 'overdue', 'today', 'waiting', 'watching', 'all'];
const OF_A_UNIT = new Set<Tab>(['mine', 'waiting']);
const OF_ALL = new Set<Tab>(['open']); // whoever has no cases of their own begins here
const TYPING_MS = 200;
const MAP_KEPT = 'desk.map';
const WIDE = '(min-width: 1200px)';

export function Inbox(): JSX.Element {
  const unit = me.value?.unit ?? null;
  const own = unit !== null && !['office', 'leaders'].includes(unit);
  const [map, setMap] = useMapChoice();
  const { tab, setTab, typed, setTyped, filter, setFilter } = useAsked(own);
  const open = useOpen(filter);
  const past = usePast(filter, tab === 'all');
  const { held, loaded } = open;
  const rows = useShown(held, past, { tab, unit, typed });
  const filtered = Boolean(typed || filter.category || filter.state);
  const nothing = filtered
    ? t('inbox.nothing_found')
    : t('inbox.empty', { time: time(loaded.at || Date.now()) });
  return (
    <main id="main" class="inbox" tabIndex={-1}>
      <div class="row between">
        <Heading title={t('nav.inbox')}>{unitName(unit) || t('nav.inbox')}</Heading>
        <KeyHelp />
      </div>
      <Stale of={loaded} held={held !== null} />
      <Counted open={open} past={past} own={own} unit={unit} tab={tab} onTab={setTab} />
      <Filters
        typed={typed}
        onType={setTyped}
        filter={filter}
        onFilter={setFilter}
        map={map}
        onMap={setMap}
      />
      <section role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
        <Listing open={open} past={past} rows={rows} map={map} nothing={nothing} />
      </section>
    </main>
  );
}

interface ListingProps {
  open: Open;
  past: Past;
  rows: readonly Row[];
  map: boolean;
  nothing: string;
}

/** The rows in whatever state they are, with the map beside them. */
function Listing({ open, past, rows, map, nothing }: ListingProps): JSX.Element {
  const { held, fresh, waiting, loaded, showFresh, loadMore } = open;
  const chosen = useRows(rows);
  // the same element as before is not compared again: a key press paints at once
  const shown = useMemo(() => <Rows rows={rows} chosen={chosen} />, [rows, chosen]);
  // what is open stands above what is done
  const next = held?.next ? loadMore : past.more;
  const [busy, press] = usePress();
  const [failed, setFailed] = useState<unknown>(null);
  const more = (): void => {
    setFailed(null);
    void press(async () => next?.().catch(setFailed));
  };
  useEffect(() => setFailed(null), [held?.key]);
  useEffect(() => {
    if (rows.length > 0) scrollBack();
  }, [rows.length > 0]);
  if (!held) {
    if (loaded.error === null) return <Loading rows={6} />;
    return <Failed error={loaded.error} onRetry={loaded.reload} />;
  }
  return (
    <>
      {fresh.length > 0 && (
        <button type="button" class="newbar" onClick={showFresh}>
          <Icon name="arrow-up" />{t('inbox.news', { n: fresh.length })}
        </button>
      )}
      <div class={`listing${map ? ' mapped' : ''}`}>
        <div class="list" aria-busy={waiting || past.busy || undefined}>
          {rows.length === 0 && past.busy && <Loading rows={3} />}
          {rows.length === 0 && !past.busy && <Empty icon="circle-check"><p>{nothing}</p></Empty>}
          {rows.length > 0 && shown}
          {failed !== null && <Note kind="warn" role="alert">{wordsOf(failed)}</Note>}
          {next && (
            <div class="row center"><Button busy={busy} onClick={more}>{t('inbox.more')}</Button></div>
          )}
        </div>
        {map && <MapSide rows={rows} chosen={rows[chosen]?.code ?? null} />}
      </div>
    </>
  );
}

interface CountedProps {
  open: Open;
  past: Past;
  own: boolean; // the inbox of a unit that handles cases
  unit: string | null;
  tab: Tab;
  onTab: (tab: Tab) => void;
}

/** The tabs, each with how many rows are under it; what is done is counted where it is shown. */
function Counted({ open, past, own, unit, tab, onTab }: CountedProps): JSX.Element {
  const rows = open.held?.rows ?? NONE;
  const more = Boolean(open.held?.next);
  const counts = useMemo(() => {
    const count = (id: Tab): number => rows.filter((row) => under(id, row, now.value, unit)).length;
    return Object.fromEntries(TABS.map((id) => [id, counted(count(id), more)]));
  }, [rows, more, unit, now.value]);
  const all = (): string =>
    tab === 'all' ? counted(merged(rows, past.rows).length, more || past.more !== null) : '';
  const label = (id: Tab): JSX.Element => {
    const many = id === 'all' ? all() : counts[id];
    return <>{t(`tab.${id}`)} {many && <span class="count num">{many}</span>}</>;
  };
  return (
    <Tabs
      label={t('tab.label')}
      chosen={tab}
      onChoose={(id) => onTab(id as Tab)}
      tabs={tabsOf(own).map((id) => ({ id, label: label(id) }))}
    />
  );
}

const NONE: readonly Row[] = [];
const tabsOf = (own: boolean): Tab[] => TABS.filter((id) => !(own ? OF_ALL : OF_A_UNIT).has(id));

/** What the inbox is asked for: kept in its entry of the history, what is typed not in the address.

    What is typed reaches the server when the fingers rest. */
function useAsked(own: boolean) {
  const before = useMemo(askedHere, []);
  const named = before.query.get('tab') as Tab;
  const usual = own ? 'mine' : 'open';
  const [tab, setTab] = useState<Tab>(tabsOf(own).includes(named) ? named : usual);
  const [typed, setTyped] = useState(before.typed);
  const [filter, narrow] = useState<Filter>({
    q: before.typed.trim(),
    category: before.query.get('category') ?? '',
    state: before.query.get('state') ?? '',
  });
  const setFilter = (next: Filter): void => {
    narrow(next);
    if (isDone(next.state)) setTab('all'); // under no other tab is anything done
  };
  useEffect(() => {
    const q = typed.trim();
    const asked = setTimeout(() => narrow((old) => (old.q === q ? old : { ...old, q })), TYPING_MS);
    return () => clearTimeout(asked);
  }, [typed]);
  const { category, state } = filter;
  useEffect(() => {
    keepAsked(typed, { tab: tab === usual ? '' : tab, category, state });
  }, [typed, tab, category, state]);
  return { tab, setTab, typed, setTyped, filter, setFilter };
}

/** The rows under a tab by urgency; while the server searches, what is here is searched. */
function useShown(
  held: Open['held'],
  past: Past,
  { tab, unit, typed }: { tab: Tab; unit: string | null; typed: string },
): Row[] {
  const local = typed.trim() === held?.key.split('|')[0] ? '' : typed.trim();
  return useMemo(() => {
    const known = tab === 'all' ? merged(held?.rows ?? NONE, past.rows) : (held?.rows ?? NONE);
    const found = known.filter((row) => under(tab, row, now.value, unit));
    return byUrgency(local ? found.filter((row) => said(row, local)) : found, now.value);
  }, [held, past.rows, tab, unit, now.value, local]);
}

/** Whether the map is open: as somebody left it, else where there is room beside the list. */
function useMapChoice(): [boolean, (on: boolean) => void] {
  const kept = localStorage.getItem(MAP_KEPT);
  const [on, setOn] = useState(kept ? kept === 'on' : matchMedia(WIDE).matches);
  const choose = (chosen: boolean): void => {
    localStorage.setItem(MAP_KEPT, chosen ? 'on' : 'off');
    setOn(chosen);
  };
  return [on, choose];
}
