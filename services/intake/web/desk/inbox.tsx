/** The inbox: what is over time, what comes next, whose move it is. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { moment, time } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Button, Dialog, Empty, Failed, Icon, Loading, Note, StateChip, Tabs } from '@web/ui/kit';
import { areaName, catalogue, categoryName, unitName } from './catalogue';
import { keysOn, useKeys } from './keys';
import { connection, now } from './live';
import { useLoaded } from './loading';
import { type Row, type Tab, byUrgency, news, under } from './model';
import { Flags, Heading, TimeLeft } from './parts';
import { go, onLink, pathOf } from './route';
import { authed, me } from './session';

const PAGE = 200;
const STATES = ['submitted', 'held', 'assigned', 'accepted', 'in_progress', 'coordinating', 'at_office', 'awaiting_direction', 'resolved', 'reopened', 'closed', 'refused', 'redirected', 'withdrawn'];
const TYPING_MS = 200;

interface Listed {
  items: Row[];
  next: string | null;
}

/** The rows of an inbox, by what the API is asked for. */
async function list(q: string, category: string, state: string, cursor?: string): Promise<Listed> {
  const asked = new URLSearchParams({ limit: String(PAGE) });
  if (q) asked.set('q', q);
  if (category) asked.set('category', category);
  if (state) asked.set('state', state);
  if (cursor) asked.set('cursor', cursor);
  return (await authed<Listed>(`desk/cases?${asked}`)).data;
}

export function Inbox(): JSX.Element {
  const unit = me.value?.unit ?? null;
  const [tab, setTab] = useState<Tab>(unit && !['office', 'leaders'].includes(unit) ? 'mine' : 'all');
  const [typed, setTyped] = useState('');
  const [q, setQ] = useState('');
  const [category, setCategory] = useState('');
  const [state, setState] = useState('');
  const [shown, setShown] = useState<Row[] | null>(null);
  const [more, setMore] = useState<Row[]>([]);
  const [next, setNext] = useState<string | null>(null);
  useEffect(() => {
    const timer = setTimeout(() => setQ(typed.trim()), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed]);
  const key = `${q}|${category}|${state}`;
  const loaded = useLoaded(key, () => list(q, category, state));
  useEffect(() => (setShown(null), setMore([])), [key]);
  useEffect(() => {
    if (!loaded.data) return;
    setNext(loaded.data.next);
    // rows never jump under a hand: known ones change in place, new ones wait above a bar
    setShown((old) => (old ? inPlace(old, loaded.data!.items) : loaded.data!.items));
  }, [loaded.data]);
  const fresh = shown && loaded.data ? news(shown, loaded.data.items).added : [];
  const all = useMemo(() => [...(shown ?? []), ...more], [shown, more]);
  const rows = useMemo(() => byUrgency(all.filter((row) => under(tab, row, now.value, unit)), now.value), [all, tab, unit, now.value]);
  const chosen = useRows(rows);
  const tabs: Tab[] = ['mine', 'overdue', 'today', 'waiting', 'all'];
  const filtered = Boolean(q || category || state);
  const showFresh = (): void => setShown(loaded.data?.items ?? null);
  const loadMore = async (): Promise<void> => {
    const found = await list(q, category, state, next!);
    setMore((old) => [...old, ...found.items]);
    setNext(found.next);
  };
  return (
    <main id="main" class="inbox" tabIndex={-1}>
      <div class="row between">
        <Heading title={t('nav.inbox')}>{unitName(unit) || t('nav.inbox')}</Heading>
        <KeyHelp />
      </div>
      <Stale at={loaded.at} failed={loaded.error !== null && loaded.data !== null} />
      <Tabs label={t('tab.label')} chosen={tab} onChoose={(id) => setTab(id as Tab)} tabs={tabs.map((id) => ({ id, label: <>{t(`tab.${id}`)} <span class="count num">{all.filter((row) => under(id, row, now.value, unit)).length}</span></> }))} />
      <div class="filters">
        <label class="search">
          <span class="hidden-visually">{t('filter.search')}</span>
          <Icon name="search" />
          <input id="search" class="input" type="search" placeholder={t('filter.search')} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
        </label>
        <Choice id="by-category" label={t('filter.category')} value={category} onChange={setCategory} options={catalogue.value.categories.map((each) => [each.id, categoryName(each.id)])} />
        <Choice id="by-state" label={t('filter.state')} value={state} onChange={setState} options={STATES.map((each) => [each, t(`state.${each}`)])} />
        {filtered && <Button kind="quiet" icon="x" onClick={() => (setTyped(''), setQ(''), setCategory(''), setState(''))}>{t('filter.clear')}</Button>}
      </div>
      <section role="tabpanel" id={`panel-${tab}`} aria-labelledby={`tab-${tab}`}>
        {fresh.length > 0 && <button type="button" class="newbar" onClick={showFresh}><Icon name="arrow-up" />{t('inbox.news', { n: fresh.length })}</button>}
        {!shown && loaded.error !== null && <Failed error={loaded.error} onRetry={loaded.reload} />}
        {!shown && loaded.error === null && <Loading rows={6} />}
        {shown && rows.length === 0 && <Empty icon="circle-check"><p>{filtered ? t('inbox.nothing_found') : t('inbox.empty', { time: time(loaded.at || Date.now()) })}</p></Empty>}
        {rows.length > 0 && <Rows rows={rows} chosen={chosen} />}
        {next && <div class="row center"><Button onClick={() => void loadMore()}>{t('inbox.more')}</Button></div>}
      </section>
    </main>
  );
}

function inPlace(old: readonly Row[], fresh: readonly Row[]): Row[] {
  const by = new Map(fresh.map((row) => [row.code, row]));
  return old.map((row) => by.get(row.code) ?? row);
}

export function Choice({ id, label, value, onChange, options }: { id: string; label: string; value: string; onChange: (value: string) => void; options: readonly (readonly [string, string])[] }): JSX.Element {
  return (
    <label class="pick" for={id}>
      <span class="hint">{label}</span>
      <select id={id} class="input" value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        <option value="">{t('filter.any')}</option>
        {options.map(([key, words]) => <option value={key} key={key}>{words}</option>)}
      </select>
    </label>
  );
}

export function Rows({ rows, chosen = -1 }: { rows: readonly Row[]; chosen?: number }): JSX.Element {
  return (
    <ol class="plain rows">
      {rows.map((row, n) => <Line row={row} key={row.code} chosen={n === chosen} />)}
    </ol>
  );
}

function Line({ row, chosen }: { row: Row; chosen: boolean }): JSX.Element {
  const to = { name: 'case', code: row.code } as const;
  return (
    <li class={`line${chosen ? ' chosen' : ''}`} data-code={row.code}>
      <a href={pathOf(to)} onClick={onLink(to)} aria-current={chosen ? 'true' : undefined}>
        <TimeLeft clock={row.clock} />
        <span class="what">
          <b>{categoryName(row.category) || t('flag.category_to_confirm')}</b>
          <span class="hint num">{row.code} · {areaName(row.area) || t('case.no_place')} · {moment(row.received_at, now.value)}</span>
        </span>
        <span class="chips"><StateChip state={row.state} /><Flags flags={row.flags} restricted={row.restricted} />{row.hops > 0 && <span class="chip">{t('triage.hops', { n: row.hops })}</span>}</span>
        <span class="hint owner">{unitName(row.unit)}</span>
        <span class="evidence num">{row.media.image > 0 && <><Icon name="photo" label={t('case.media')} />{row.media.image} </>}{row.media.audio > 0 && <><Icon name="volume" label={t('case.media')} />{row.media.audio}</>}</span>
      </a>
    </li>
  );
}

/** Which row the keyboard is on; j and k move, Enter opens. */
function useRows(rows: readonly Row[]): number {
  const [at, setAt] = useState(-1);
  const kept = useRef({ rows, at });
  kept.current.rows = rows;
  // in a ref, so that a key pressed before the next paint finds where the last one went
  const move = (step: number): void => {
    const last = kept.current.rows.length - 1;
    kept.current.at = Math.max(Math.min(0, last), Math.min(last, kept.current.at + step));
    setAt(kept.current.at);
  };
  const open = (): void => {
    const row = kept.current.rows[kept.current.at];
    if (row) go({ name: 'case', code: row.code });
  };
  useKeys({ j: () => move(1), k: () => move(-1), Enter: open, '/': () => document.getElementById('search')?.focus() }, []);
  useEffect(() => {
    if (at >= 0) document.querySelectorAll('.rows .line')[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  return at;
}

function Stale({ at, failed }: { at: number; failed: boolean }): JSX.Element | null {
  if (connection.value !== 'lost' && !failed) return null;
  return <Note kind="warn" icon="cloud-off" role="status">{t('inbox.stale', { time: time(at || Date.now()) })}</Note>;
}

const SHORTCUTS = [['j / k', 'move'], ['Enter', 'open'], ['/', 'search'], ['a', 'accept'], ['r', 'result'], ['f', 'forward'], ['u', 'back']] as const;

function KeyHelp(): JSX.Element {
  const [open, setOpen] = useState(false);
  useKeys({ '?': () => setOpen(true) }, []);
  return (
    <>
      <Button kind="quiet" icon="keyboard" class="only-wide" onClick={() => setOpen(true)}>{t('inbox.keys')}</Button>
      <Dialog open={open} title={t('keys.title')} onClose={() => setOpen(false)}>
        <dl class="keys">{SHORTCUTS.map(([key, name]) => <div class="row" key={key}><dt><kbd>{key}</kbd></dt><dd>{t(`keys.${name}`)}</dd></div>)}</dl>
        <label class="check"><input type="checkbox" checked={keysOn.value} onChange={(event) => (keysOn.value = event.currentTarget.checked)} />{t('keys.enabled')}</label>
      </Dialog>
    </>
  );
}
