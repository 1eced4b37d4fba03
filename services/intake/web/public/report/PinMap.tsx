/** The big map of the second step: tap, drag, or move the pin by the buttons beside it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import type { Point } from '@web/map/geo';
import { Note } from '@web/ui/kit';
import { landmarks, loadGround } from '../catalogue';
import { draft } from './draft';
import { setPlace } from './ward';

/** Loaded when it is opened. */
export function PinMap({ start }: { start: Point }) {
  const box = useRef<HTMLDivElement>(null);
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let close = (): void => undefined;
    void (async () => {
      const { L, closeMap, mapStyles, openMap } = await import('@web/map/map');
      await mapStyles();
      if (!box.current) return;
      const map = openMap(box.current, await loadGround(), { centre: start, zoom: 16, label: t('place.map.label'), landmarks: landmarks() });
      const icon = L.divIcon({ className: 'pin', iconSize: [44, 44], iconAnchor: [22, 42] });
      const pin = L.marker([start.lat, start.lon], { icon, draggable: true, keyboard: false, alt: t('place.chosen') }).addTo(map);
      pin.on('dragend', () => { const at = pin.getLatLng(); setPlace({ lat: at.lat, lon: at.lng, accuracy_m: null, source: 'pin' }); });
      map.on('click', (event) => setPlace({ lat: event.latlng.lat, lon: event.latlng.lng, accuracy_m: null, source: 'pin' }));
      const follow = draft.subscribe((now) => now.place && pin.setLatLng([now.place.lat, now.place.lon]));
      close = () => { follow(); closeMap(map); };
    })().catch(() => setFailed(true));
    return () => close();
  }, []);
  return failed ? <Note kind="warn" icon="cloud-off">{t('place.map.failed')}</Note> : <div class="bigmap" ref={box} />;
}
