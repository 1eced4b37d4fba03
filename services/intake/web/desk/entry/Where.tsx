/** Where it is: the words of the caller, the ward, and a place on the map when it helps. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { matches } from '@web/core/fold';
import { both, t } from '@web/core/i18n';
import { MiniMap } from '@web/map/MiniMap';
import { CITY, type Point, moved } from '@web/map/geo';
import { Button, Field, Note } from '@web/ui/kit';
import { catalogue, ground, landmarks } from '../catalogue';
import type { Draft } from './draft';
import type { PartProps } from './What';

const STEP_M = 50;
const FOUND = 4;

export function Where({ draft, errorOf }: PartProps): JSX.Element {
  const { values, change } = draft;
  const [map, setMap] = useState(false);
  return (
    <fieldset class="card stack">
      <legend class="hidden-visually">{t('case.place')}</legend>
      <h2>{t('case.place')}</h2>
      <Field
        id="e-address"
        label={t('entry.address')}
        hint={t('entry.address_hint')}
        optional
        error={errorOf('e-address')}
      >
        {(given) => (
          <input
            {...given}
            maxLength={300}
            autocomplete="off"
            value={values.address}
            onInput={(event) => change({ address: event.currentTarget.value })}
          />
        )}
      </Field>
      <Near draft={draft} />
      <Field id="e-area" label={t('field.area')} optional error={errorOf('e-area')}>
        {(given) => (
          <select
            {...given}
            value={values.area}
            onChange={(event) => change({ area: event.currentTarget.value })}
          >
            <option value="">{t('entry.area_unknown')}</option>
            {catalogue.value.areas.map((each) => (
              <option value={each.id} key={each.id}>{both(each.name)}</option>
            ))}
          </select>
        )}
      </Field>
      {values.place && <Chosen place={values.place} change={change} map={map} />}
      {map && <PinMap draft={draft} />}
      <Button icon="map" aria-pressed={map} class="toggle" onClick={() => setMap(!map)}>
        {t(map ? 'map.close' : 'entry.map')}
      </Button>
    </fieldset>
  );
}

/** Offices and landmarks that the words name: one press puts the place there. */
function Near({ draft: { values, change } }: { draft: Draft }): JSX.Element | null {
  if (values.address.trim().length < 3 || values.place) return null;
  const found = landmarks().filter((each) => matches(each.name, values.address)).slice(0, FOUND);
  if (!found.length) return null;
  return (
    <div class="row" role="group" aria-label={t('entry.landmarks')}>
      <span class="hint">{t('entry.landmarks')}</span>
      {found.map((each) => (
        <Button
          key={each.name}
          icon="map-pin"
          onClick={() => change({ place: { lat: each.lat, lon: each.lon } })}
        >
          {each.name}
        </Button>
      ))}
    </div>
  );
}

interface ChosenProps {
  place: Point;
  change: Draft['change'];
  map: boolean;
}

/** The place, and four keys that move it without dragging. */
function Chosen({ place, change, map }: ChosenProps): JSX.Element {
  const by = (east: number, north: number) => () =>
    change({ place: moved(place, east * STEP_M, north * STEP_M) });
  const words = `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`;
  return (
    <div class="stack">
      {!map && <MiniMap areas={ground.value} at={place} accuracyM={null} label={words} />}
      <div class="row between">
        <span class="num" data-place>{words}</span>
        <span class="row" role="group" aria-label={t('entry.move', { m: STEP_M })}>
          <Button icon="arrow-left" aria-label={t('entry.west')} onClick={by(-1, 0)} />
          <Button icon="arrow-up" aria-label={t('entry.north')} onClick={by(0, 1)} />
          <Button icon="arrow-down" aria-label={t('entry.south')} onClick={by(0, -1)} />
          <Button icon="arrow-right" aria-label={t('entry.east')} onClick={by(1, 0)} />
          <Button kind="quiet" icon="x" onClick={() => change({ place: null })}>
            {t('entry.no_place')}
          </Button>
        </span>
      </div>
    </div>
  );
}

/** The big map, loaded when it is opened: a click or Enter puts the place under it. */
function PinMap({ draft: { values, change } }: { draft: Draft }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const shown = useRef<((place: Point | null) => void) | null>(null);
  const put = useRef(change);
  put.current = change;
  const [failed, setFailed] = useState(false);
  const area = catalogue.value.areas.find((each) => each.id === values.area);
  useEffect(() => shown.current?.(values.place), [values.place]);
  useEffect(() => {
    let close = (): void => undefined;
    void (async () => {
      const { L, closeMap, mapStyles, openMap } = await import('@web/map/map');
      await mapStyles();
      if (!box.current) return;
      const start = values.place ?? area?.centre ?? CITY;
      const options = { centre: start, zoom: 15, label: t('entry.map_label'), landmarks: landmarks() };
      const map = openMap(box.current, ground.value, options);
      const pin = L.circleMarker([start.lat, start.lon], { radius: 10, className: 'spot', interactive: false });
      const take = ({ lat, lng }: { lat: number; lng: number }): void =>
        put.current({ place: { lat, lon: lng } });
      map.on('click', (event) => take(event.latlng));
      map.on('keypress', (event) => event.originalEvent.key === 'Enter' && take(map.getCenter()));
      shown.current = (place) => {
        if (place) pin.setLatLng([place.lat, place.lon]).addTo(map);
        else pin.remove();
      };
      shown.current(values.place);
      close = () => {
        shown.current = null;
        closeMap(map);
      };
    })().catch(() => setFailed(true));
    return () => close();
  }, []);
  if (failed) return <Note kind="warn" icon="cloud-off">{t('entry.map_failed')}</Note>;
  return (
    <>
      <p class="hint">{t('entry.map_hint')}</p>
      <div class="bigmap pick-place" ref={box} />
    </>
  );
}
