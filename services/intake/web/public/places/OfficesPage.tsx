/** The offices of the city: a list that can be searched, nearest first where the device may say. */
import { useEffect, useState } from 'preact/hooks';
import { matches } from '@web/core/fold';
import { both, language, t } from '@web/core/i18n';
import { type Point, distance } from '@web/map/geo';
import { MiniMap } from '@web/map/MiniMap';
import { Button, Empty, Field, Icon, Loading, toast } from '@web/ui/kit';
import { type Unit, ground, loadGround, units } from '../catalogue';
import { arrive } from '../router';

export default function OfficesPage() {
  const [typed, setTyped] = useState('');
  const [here, setHere] = useState<Point | null>(null);
  useEffect(() => {
    arrive(`${t('offices.title')} · ${t('app.name')}`);
    void loadGround();
  }, []);
  const locate = (): void => navigator.geolocation?.getCurrentPosition(({ coords }) => setHere({ lat: coords.latitude, lon: coords.longitude }), () => toast(t('place.none')), { timeout: 15_000 });
  const away = (each: Unit): number => (here && each.location ? distance(here, each.location) : Infinity);
  const shown = units.value.filter((each) => matches(`${each.name.vi} ${each.name.en ?? ''} ${each.short ?? ''} ${each.address ?? ''}`, typed)).sort((a, b) => (here ? away(a) - away(b) : 0));
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('offices.title')}</h1>
      <Field id="office-search" label={t('offices.search')}>{(given) => <input {...given} type="search" value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}</Field>
      <Button icon="current-location" onClick={locate}>{t('offices.near')}</Button>
      {!units.value.length && <Loading rows={4} />}
      {units.value.length > 0 && !shown.length && <Empty icon="building-community"><p>{t('offices.none')}</p></Empty>}
      <ul class="plain offices">{shown.map((each) => <li key={each.id}><Office unit={each} away={away(each)} /></li>)}</ul>
    </div>
  );
}

function Office({ unit, away }: { unit: Unit; away: number }) {
  const [open, setOpen] = useState(false);
  const far = new Intl.NumberFormat(language.value === 'vi' ? 'vi-VN' : 'en-GB', { maximumFractionDigits: 1 });
  return (
    <div class="card stack small-gap">
      <h2 class="h3">{both(unit.name)}</h2>
      {unit.address && <p class="row top-row"><Icon name="map-pin" /><span class="grow">{unit.address}{Number.isFinite(away) && <span class="hint num"> · {t('offices.away', { m: away < 950 ? `${Math.round(away / 10) * 10} m` : `${far.format(away / 1000)} km` })}</span>}</span></p>}
      {unit.phone && <p><a class="btn" href={`tel:${unit.phone.replace(/\s/g, '')}`}><Icon name="phone" /><span class="num">{unit.phone}</span></a></p>}
      {unit.location && (open ? <MiniMap areas={ground.value} at={unit.location} label={both(unit.name)} /> : <Button kind="quiet" icon="map" aria-label={`${t('offices.map')}: ${both(unit.name)}`} onClick={() => setOpen(true)}>{t('offices.map')}</Button>)}
    </div>
  );
}
