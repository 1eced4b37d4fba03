/** The offices of the city: open now or when, how far, on a list and on the map. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { time, weekday } from '@web/core/dates';
import { matches } from '@web/core/fold';
import { type Bilingual, both, t } from '@web/core/i18n';
import { turns } from '@web/core/turns';
import { Button, Empty, Failed, Field, Icon, Loading, Note, Tabs } from '@web/ui/kit';
import { loadGround } from '../catalogue';
import { away, useHere } from '../here';
import { wide } from '../screen';
import { useArrival } from '../router';

export interface Office {
  id: string;
  geometry: { coordinates: [number, number] } | null;
  properties: {
    kind: string;
    name: Bilingual;
    short: string | null;
    address: string | null;
    phone: string | null;
    source: string | null;
    open_now: boolean;
    opens_at: string;
    closes_at: string;
    distance_m: number | null;
  };
}

const KINDS = ['ward', 'department', 'other'] as const;
const kindOf = (each: Office): string => (each.properties.kind === 'ward' || each.properties.kind === 'department' ? each.properties.kind : 'other');

export default function OfficesPage() {
  const [found, setFound] = useState<Office[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const { here, busy, none, locate } = useHere();
  const [typed, setTyped] = useState('');
  const [kind, setKind] = useState('');
  const [tab, setTab] = useState('list');
  const turn = useMemo(turns, []); // the list with distances must not be taken back by the one without
  const load = (): void => {
    setError(null);
    const counts = turn();
    const near = here ? `?lat=${here.lat}&lon=${here.lon}` : '';
    get<{ features: Office[] }>(`units.geojson${near}`).then((answer) => counts() && setFound(answer.features), (failed) => counts() && setError(failed));
  };
  useArrival(`${t('offices.title')} · ${t('app.name')}`);
  useEffect(load, [here]);
  const shown = (found ?? []).filter((each) => (!kind || kindOf(each) === kind) && matches(wordsIn(each), typed));
  const both_ = wide.value;
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('offices.title')}</h1>
      {found?.[0] && <Hours office={found[0]} />}
      <div class="filters offices-by">
        <Field id="office-search" label={t('offices.search')}>
          {(given) => <input {...given} type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
        </Field>
        <Field id="office-kind" label={t('offices.kind')}>
          {(given) => (
            <select {...given} value={kind} onChange={(event) => setKind(event.currentTarget.value)}>
              <option value="">{t('offices.all')}</option>
              {KINDS.map((each) => <option key={each} value={each}>{t(`offices.kind.${each}`)}</option>)}
            </select>
          )}
        </Field>
        <Button icon="current-location" busy={busy} onClick={locate}>{t('offices.near')}</Button>
      </div>
      {none && <Note kind="warn" icon="map-pin" role="alert">{t('near.none')}</Note>}
      {!both_ && <Tabs label={t('map.view')} tabs={[{ id: 'list', label: t('offices.list') }, { id: 'map', label: t('offices.onmap') }]} chosen={tab} onChoose={setTab} />}
      {error ? <Failed error={error} onRetry={load} /> : !found ? <Loading rows={4} /> : (
        <div class={both_ ? 'split' : ''}>
          {(both_ || tab === 'list') && <div {...panel('list', both_)}><List shown={shown} /></div>}
          {(both_ || tab === 'map') && <div {...panel('map', both_)}><OfficeMap shown={shown} /></div>}
        </div>
      )}
    </div>
  );
}

const panel = (id: string, together: boolean): object => (together ? { class: `pane-${id}` } : { id: `panel-${id}`, role: 'tabpanel', 'aria-labelledby': `tab-${id}` });

function wordsIn({ properties: p }: Office): string {
  return `${p.name.vi} ${p.name.en ?? ''} ${p.short ?? ''} ${p.address ?? ''}`;
}

/** All offices keep the hours of the calendar: said once, above them all. */
function Hours({ office }: { office: Office }) {
  const { open_now: open, opens_at: opens, closes_at: closes } = office.properties;
  return (
    <p class={`chip ${open ? 'resolved' : 'closed'} hours num`} role="status">
      <Icon name="clock" />
      {open ? t('offices.open', { at: time(closes) }) : t('offices.closed', { at: `${time(opens)} ${weekday(opens)}` })}
    </p>
  );
}

function List({ shown }: { shown: Office[] }) {
  if (!shown.length) return <Empty icon="building-community"><p>{t('offices.none')}</p></Empty>;
  return (
    <>
      <p class="hint num" role="status">{t('offices.count', { n: shown.length })}</p>
      <ul class="plain rows">{shown.map((each) => <li key={each.id}><Row office={each} /></li>)}</ul>
    </>
  );
}

function Row({ office: { properties: p, geometry } }: { office: Office }) {
  const centre = geometry !== null && !p.address;
  return (
    <div class="card office">
      <h2 class="h3">{both(p.name)}</h2>
      {p.address && <p>{p.address}</p>}
      {centre && <p class="hint">{t('offices.centre')}</p>}
      <p class="row">
        {p.distance_m !== null && <span class="hint num"><Icon name="walk" /> {away(p.distance_m)}</span>}
        {p.phone && <a class="btn" href={`tel:${p.phone.replace(/\s/g, '')}`}><Icon name="phone" /><span class="num">{p.phone}</span></a>}
      </p>
    </div>
  );
}

function OfficeMap({ shown }: { shown: Office[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState<unknown>(null);
  useEffect(() => {
    let close = (): void => undefined;
    let gone = false;
    void (async () => {
      const [{ drawOffices }, ground] = await Promise.all([import('./draw'), loadGround()]);
      if (box.current && !gone) close = await drawOffices(box.current, ground, shown);
      if (gone) close();
    })().catch(setFailed);
    return () => {
      gone = true;
      close();
    };
  }, [shown.map((each) => each.id).join()]);
  return failed ? <Failed error={failed} /> : <div class="bigmap tall" ref={box} key={shown.length} />;
}
