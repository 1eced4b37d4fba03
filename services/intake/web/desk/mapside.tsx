/** The big map beside a list, and in a case: the same cases as the list, never more. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { distance } from '@web/map/geo';
import { Button, Failed, Icon, Loading, Note, wordsOf } from '@web/ui/kit';
import type { CaseMap, Pin } from './casemap';
import { categoryName, ground } from './catalogue';
import { now } from './live';
import { useLoaded } from './loading';
import { type Case, OPEN_STATES, type Row, urgency } from './model';
import { counted, whole } from './paging';
import { Rows } from './rows';
import { go } from './route';

const NEAR_M = 500;
const NEAR_ROWS = 5;

/** The pins of rows whose place is known. */
export function pinsOf(rows: readonly Row[], at: number): Pin[] {
  return rows.flatMap((row) => {
    const { location } = row;
    if (!location || typeof location.lat !== 'number') return [];
    const kind = urgency(row.clock, at);
    const mark = kind === 'stopped' ? 'done' : kind === 'calm' ? 'open' : kind;
    const name = [categoryName(row.category), t(`state.${row.state}`), row.code].join(', ');
    return [{ code: row.code, lat: location.lat, lon: location.lon, mark, name } as Pin];
  });
}

interface MapBoxProps {
  pins: readonly Pin[];
  chosen?: string | null;
}

function MapBox({ pins, chosen = null }: MapBoxProps): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const map = useRef<CaseMap | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const shown = useRef(pins);
  shown.current = pins;
  const said = pins.map((each) => `${each.code}${each.mark}`).join();
  useEffect(() => {
    let gone = false;
    void import('./casemap')
      .then(async ({ drawCases }) => {
        if (gone || !box.current) return;
        const drawn = await drawCases(box.current, ground.value, (code) => {
          go({ name: 'case', code });
        });
        if (gone) return drawn.close();
        map.current = drawn;
        drawn.show(shown.current);
      })
      .catch(setFailed);
    return () => {
      gone = true;
      map.current?.close();
      map.current = null;
    };
  }, [ground.value]);
  useEffect(() => map.current?.show(shown.current), [said]);
  useEffect(() => map.current?.mark(chosen), [chosen]);
  if (failed) return <Note kind="warn">{wordsOf(failed)}</Note>;
  return <div class="bigmap" ref={box} />;
}

interface MapSideProps {
  rows: readonly Row[];
  chosen: string | null;
}

/** The map beside the inbox. */
export function MapSide({ rows, chosen }: MapSideProps): JSX.Element {
  const pins = pinsOf(rows, now.value);
  const without = rows.length - pins.length;
  return (
    <aside class="mapside" aria-label={t('map.cases')}>
      <MapBox pins={pins} chosen={chosen} />
      <Legend />
      {without > 0 && <p class="hint">{t('map.without', { n: without })}</p>}
    </aside>
  );
}

function Legend(): JSX.Element {
  return (
    <ul class="plain row legend hint" aria-label={t('map.legend')}>
      <li class="left overdue"><Icon name="alert-triangle" />{t('flag.overdue')}</li>
      <li class="left soon"><Icon name="clock-exclamation" />{t('flag.soon')}</li>
      <li class="left"><Icon name="clock" />{t('map.in_time')}</li>
    </ul>
  );
}

/** A case's place on the ground, with what else is open around it. */
export function CaseMapBox({ shown, onClose }: { shown: Case; onClose: () => void }): JSX.Element {
  const around = useLoaded(`near-${shown.code}`, () =>
    whole<Row>('desk/cases', { state: OPEN_STATES.join() }),
  );
  const at = shown.location!;
  const others = (around.data?.items ?? []).filter((row) => row.code !== shown.code);
  const here: Pin = {
    code: shown.code, lat: at.lat, lon: at.lon, mark: 'here', accuracyM: at.accuracy_m,
    name: shown.code,
  };
  const near = others
    .filter((row) => row.location && distance(at, row.location) <= NEAR_M)
    .sort((a, b) => distance(at, a.location!) - distance(at, b.location!));
  const more = Boolean(around.data?.next);
  return (
    <div class="stack">
      <MapBox pins={[here, ...pinsOf(others, now.value)]} />
      <div class="row between">
        <Legend />
        <Button kind="quiet" icon="x" onClick={onClose}>{t('map.close')}</Button>
      </div>
      <h3>
        {t('map.near', { m: NEAR_M })}{' '}
        {around.data && <span class="count num">{counted(near.length, more)}</span>}
      </h3>
      {!around.data && (around.error !== null
        ? <Failed error={around.error} onRetry={around.reload} />
        : <Loading rows={2} />)}
      {near.length > 0 && <Rows rows={near.slice(0, NEAR_ROWS)} />}
      {around.data && !near.length && !more && <p class="hint">{t('map.none_near')}</p>}
      {more && <p class="hint">{t('map.near_part', { n: others.length })}</p>}
    </div>
  );
}
