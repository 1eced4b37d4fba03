/** ② Where: the device, a pin moved by hand or by buttons, a landmark, or words. */
import { useEffect, useState } from 'preact/hooks';
import { both, t } from '@web/core/i18n';
import { matches } from '@web/core/fold';
import { CITY, type Point, moved } from '@web/map/geo';
import { MiniMap } from '@web/map/MiniMap';
import { Button, Field, Note } from '@web/ui/kit';
import { areas, ground, loadGround, units } from '../catalogue';
import type { Place } from '../store';
import { PinMap } from './PinMap';
import { change, draft, media } from './draft';
import { here, whereNow } from './here';
import { asked, disagree, onSketch, setPlace } from './ward';

const STEP_M = 20;

export function StepPlace({ error }: { error?: string }) {
  const [busy, setBusy] = useState(false);
  const [denied, setDenied] = useState<'' | 'place.none' | 'place.denied'>('');
  const [map, setMap] = useState(false);
  const [finer] = useState(!draft.value.place && !whereNow()); // open where nothing else says the place
  useEffect(() => {
    void loadGround().then(() => {
      if (!draft.value.place) {
        const photo = media.value.find((each) => each.lat !== null && each.source === 'exif');
        if (photo) setPlace({ lat: photo.lat!, lon: photo.lon!, accuracy_m: null, source: 'exif' });
        else if (whereNow()) setPlace(whereNow()!);
      } else setPlace(draft.value.place);
    });
  }, []);
  useEffect(() => here.subscribe(() => { const found = whereNow(); if (found && !draft.value.place) setPlace(found); }), []);
  const locate = (): void => {
    if (!navigator.geolocation) return setDenied('place.none');
    setBusy(true);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setBusy(false);
        setDenied('');
        setPlace({ lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy), source: 'device' });
      },
      (failed) => {
        setBusy(false);
        setDenied(failed.code === failed.PERMISSION_DENIED ? 'place.denied' : 'place.none');
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 15_000 },
    );
  };
  const { place } = draft.value;
  return (
    <div class="stack">
      <Button kind={place ? 'plain' : 'primary'} large wide icon="current-location" busy={busy} onClick={locate}>{busy ? t('place.busy') : t('place.locate')}</Button>
      {denied && <Note kind="warn" icon="map-pin" role="alert">{t(denied)}</Note>}
      {place && <Chosen place={place} map={map} />}
      {map ? <PinMap start={place ?? CITY} /> : <Button wide icon="map" onClick={() => setMap(true)}>{t('place.map')}</Button>}
      <Field id="address" label={t('place.address')} hint={t('place.address.hint')} error={error} optional={Boolean(place)}>
        {(given) => <input {...given} type="text" maxLength={300} autocomplete="street-address" value={draft.value.address} onInput={(event) => change({ address: event.currentTarget.value })} />}
      </Field>
      <Field id="area" label={t('place.area')} optional>
        {(given) => (
          <select {...given} value={draft.value.area ?? ''} onChange={(event) => { disagree(); change({ area: event.currentTarget.value || null }); }}>
            <option value="">{t('place.area.unknown')}</option>
            {areas.value.map((each) => <option key={each.id} value={each.id}>{both(each.name)}</option>)}
          </select>
        )}
      </Field>
      <details class="finer" open={finer}>
        <summary>{t('place.finer')}</summary>
        <div class="stack">
          <Landmarks />
          {place && <Arrows place={place} />}
        </div>
      </details>
    </div>
  );
}

function Chosen({ place, map }: { place: Place; map: boolean }) {
  const area = areas.value.find((each) => each.id === (draft.value.area ?? asked.value?.id));
  return (
    <div class="chosen">
      {!map && <MiniMap areas={ground.value} at={place} accuracyM={place.accuracy_m} label={t('place.chosen')} />}
      <p class="small" role="status">
        <b>{area ? both(area.name) : t(onSketch.value ? 'place.unsaid' : 'place.outside')}</b> · <span class="num">{place.lat.toFixed(5)}, {place.lon.toFixed(5)}</span>
        {place.accuracy_m ? ` · ±${place.accuracy_m} m` : ''}
      </p>
    </div>
  );
}

/** What the sketch shows is asked for beside the button that goes on, which says yes to it. */
export function WardQuestion() {
  const shown = asked.value;
  if (!shown) return null;
  const no = (): void => {
    disagree();
    document.getElementById('area')?.focus();
  };
  return (
    <div class="asked" role="status">
      <p>{t('place.is_it', { name: both(shown.name) })}</p>
      <Button kind="quiet" onClick={no}>{t('place.is_not')}</Button>
    </div>
  );
}

/** The pin without dragging: four buttons of twenty metres. */
function Arrows({ place }: { place: Point }) {
  const by = (east: number, north: number) => () => setPlace({ ...moved(place, east * STEP_M, north * STEP_M), accuracy_m: null, source: 'pin' });
  return (
    <fieldset class="arrows">
      <legend class="small">{t('place.move', { n: STEP_M })}</legend>
      <div class="row">
        <Button icon="arrow-left" aria-label={t('place.west')} onClick={by(-1, 0)} />
        <Button icon="arrow-up" aria-label={t('place.north')} onClick={by(0, 1)} />
        <Button icon="arrow-down" aria-label={t('place.south')} onClick={by(0, -1)} />
        <Button icon="arrow-right" aria-label={t('place.east')} onClick={by(1, 0)} />
      </div>
    </fieldset>
  );
}

function Landmarks() {
  const [typed, setTyped] = useState('');
  const known = units.value.filter((each) => each.location);
  const found = typed.length > 1 ? known.filter((each) => matches(`${both(each.name)} ${each.address ?? ''}`, typed)).slice(0, 5) : [];
  return (
    <Field id="landmark" label={t('place.landmark')} hint={t('place.landmark.hint')} optional>
      {(given) => (
        <>
          <input {...given} type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />
          {found.length > 0 && (
            <ul class="plain picks">
              {found.map((each) => (
                <li key={each.id}>
                  <Button wide class="left" icon="map-pin" onClick={() => { setPlace({ ...each.location!, accuracy_m: null, source: 'pin' }); setTyped(''); change({ address: draft.value.address || t('place.near', { name: both(each.name) }) }); }}>
                    {both(each.name)}
                  </Button>
                </li>
              ))}
            </ul>
          )}
        </>
      )}
    </Field>
  );
}
