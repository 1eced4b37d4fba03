/** Public reports: a list for everybody, and the same on a map for those who see it. */
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { moment, span } from '@web/core/dates';
import { type Bilingual, both, t } from '@web/core/i18n';
import { turns } from '@web/core/turns';
import { Button, Empty, Failed, Field, FlagChip, Icon, Loading, Note, StateChip, Tabs } from '@web/ui/kit';
import type { Point } from '@web/map/geo';
import { areas, catalogue, landmarks, loadGround } from '../catalogue';
import { away, useHere } from '../here';
import { groupOf, inOrder, metresTo } from '../logic/mapped';
import { wide } from '../screen';
import { useArrival } from '../router';
import { Stale } from '../stale';

export interface Shown {
  code: string;
  category: string;
  category_name: Bilingual | null;
  state: string;
  mark: string;
  area: string | null;
  unit_name: Bilingual | null;
  received_at: string;
  due_at: string;
  resolved_at: string | null;
  precision_m: number;
}

type By = Record<'category' | 'area' | 'state', string>;

interface Feature {
  geometry: { coordinates: [number, number] } | null;
  properties: Shown;
}

const MOST = 2000; // as many as the API gives at once; of more only the newest are here

interface Fetched {
  features: Feature[];
  at: number; // ms
}

const AGAIN_MS = 15_000; // between two tries while what is shown is old

let last: Fetched | null = null; // who comes back from a report finds the list as it was

/** The filters stand in the address: a link shows what its sender saw. */
function filtersOfAddress(): By {
  const asked = new URLSearchParams(location.search);
  return { category: asked.get('category') ?? '', area: asked.get('area') ?? '', state: asked.get('state') ?? '' };
}

function intoAddress(by: By): void {
  const chosen = new URLSearchParams(Object.entries(by).filter(([, value]) => value));
  history.replaceState(history.state, '', `${location.pathname}${chosen.size ? `?${chosen}` : ''}`);
}

/** The reports, first as they were last; what is old is asked for again until it is fresh. */
function useReports(): { found: Feature[] | null; at: number; error: unknown; load: () => void } {
  const [fetched, setFetched] = useState(last);
  const [error, setError] = useState<unknown>(null);
  const turn = useMemo(turns, []);
  const load = (): void => {
    if (!last) setError(null); // what stands over an old list stays until there is an answer
    const counts = turn();
    get<{ features: Feature[] }>(`map/reports.geojson?limit=${MOST}`).then(
      ({ features }) => {
        if (!counts()) return;
        setFetched((last = { features, at: Date.now() }));
        setError(null);
      },
      (failed) => counts() && setError(failed),
    );
  };
  const old = error !== null && fetched !== null;
  useEffect(load, []);
  useEffect(() => {
    if (!old) return undefined;
    const timer = setInterval(() => document.visibilityState === 'visible' && load(), AGAIN_MS);
    addEventListener('online', load);
    return () => {
      clearInterval(timer);
      removeEventListener('online', load);
    };
  }, [old]);
  return { found: fetched?.features ?? null, at: fetched?.at ?? 0, error, load };
}

export default function MapPage() {
  const { found, at, error, load } = useReports();
  const [tab, setTab] = useState('list');
  const [by, setBy] = useState<By>(filtersOfAddress);
  const { here, busy, none, locate } = useHere();
  useArrival(`${t('map.title')} · ${t('app.name')}`);
  useEffect(() => intoAddress(by), [by]);
  const shown = useMemo(() => (found ?? []).filter(({ properties: p }) => (!by.category || p.category === by.category) && (!by.area || p.area === by.area) && (!by.state || filed(p) === by.state)), [found, by]);
  const listed = useMemo(() => inOrder(shown, here), [shown, here]);
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('map.title')}</h1>
      <p class="hint">{t('map.hint')}</p>
      <Filters by={by} onChange={setBy}><Button icon="current-location" busy={busy} onClick={locate}>{t('offices.near')}</Button></Filters>
      {none && <Note kind="warn" icon="map-pin" role="alert">{t('near.none')}</Note>}
      {!wide.value && <Tabs label={t('map.view')} tabs={[{ id: 'list', label: t('map.list') }, { id: 'map', label: t('map.map') }]} chosen={tab} onChoose={setTab} />}
      <p class="hint num" role="status">{found && t('map.count', { n: shown.length })}{found && found.length >= MOST && ` · ${t('map.newest', { m: MOST })}`}</p>
      {error !== null && found && <Stale at={at} onRetry={load} />}
      {error !== null && !found ? <Failed error={error} onRetry={load} /> : !found ? <Loading rows={5} /> : wide.value ? (
        <div class="split"><div class="pane-list"><List shown={listed} here={here} /></div><BigMap shown={shown} /></div>
      ) : (
        <div id={`panel-${tab}`} role="tabpanel" aria-labelledby={`tab-${tab}`}>{tab === 'list' ? <List shown={listed} here={here} /> : <BigMap shown={shown} />}</div>
      )}
    </div>
  );
}

/** Under which choice of the filter it is found: what is due soon is open. */
const filed = (p: Shown): string => groupOf(p).replace('soon', 'open');

function Filters({ by, onChange, children }: { by: By; onChange: (by: By) => void; children: ComponentChildren }) {
  const choice = (id: 'category' | 'area' | 'state', label: string, options: [string, string][]) => (
    <Field id={`by-${id}`} label={label}>
      {(given) => (
        <select {...given} value={by[id]} onChange={(event) => onChange({ ...by, [id]: event.currentTarget.value })}>
          <option value="">{t('map.all')}</option>
          {options.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
        </select>
      )}
    </Field>
  );
  return (
    <div class="filters">
      {choice('category', t('map.category'), (catalogue.value?.items ?? []).map((each) => [each.id, both(each.name)]))}
      {choice('area', t('map.area'), areas.value.map((each) => [each.id, both(each.name)]))}
      {choice('state', t('map.state'), [['open', t('map.open')], ['overdue', t('flag.overdue')], ['done', t('map.done')]])}
      {children}
    </div>
  );
}

function List({ shown, here }: { shown: Feature[]; here: Point | null }) {
  if (!shown.length) return <Empty icon="map"><p>{t('map.empty')}</p></Empty>;
  return <ul class="plain rows">{shown.map((each) => <li key={each.properties.code}><Row case={each.properties} metres={metresTo(each, here)} /></li>)}</ul>;
}

const S = 1000; // ms

function Row({ case: each, metres }: { case: Shown; metres: number | null }) {
  const area = areas.value.find((one) => one.id === each.area);
  return (
    <a class="card row-link" href={`/r/${each.code}`}>
      <span class="row">
        {each.mark === 'overdue' && <span class="chip overdue num"><Icon name="alert-triangle" />{t('map.overdue', { span: span((Date.now() - Date.parse(each.due_at)) / S) })}</span>}
        {each.mark === 'soon' && <FlagChip flag="soon" />}
        <StateChip state={each.state} />
        {metres !== null && <span class="hint num">{away(metres)}</span>}
      </span>
      <b>{[both(each.category_name), both(area?.name)].filter(Boolean).join(' · ')}</b>
      {each.unit_name && <span class="small">{both(each.unit_name)}</span>}
      <span class="hint num">{each.resolved_at ? `${t('map.resolved', { at: moment(each.resolved_at) })} · ${t('map.took', { span: took(each.received_at, each.resolved_at) })}` : `${t('map.received', { at: moment(each.received_at) })} · ${t('map.due', { at: moment(each.due_at) })}`}</span>
    </a>
  );
}

const took = (from: string, to: string): string => span((Date.parse(to) - Date.parse(from)) / S);

function BigMap({ shown }: { shown: Feature[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState<unknown>(null);
  useEffect(() => {
    let close = (): void => undefined;
    let gone = false;
    void (async () => {
      const [{ drawCases }, ground] = await Promise.all([import('./draw'), loadGround()]);
      if (box.current && !gone) close = await drawCases(box.current, ground, shown, landmarks());
      if (gone) close();
    })().catch(setFailed);
    return () => {
      gone = true;
      close();
    };
  }, [shown]);
  return failed ? <Failed error={failed} /> : <div class="bigmap tall" ref={box} key={shown.length} />;
}

export type { Feature };
