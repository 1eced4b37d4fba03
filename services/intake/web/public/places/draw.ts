/** Offices on the map: one mark for a house, with the names of all that sit in it. */
import { both, t } from '@web/core/i18n';
import type { Areas } from '@web/map/geo';
import { L, closeMap, mapStyles, openMap } from '@web/map/map';
import type { Office } from './OfficesPage';

export async function drawOffices(box: HTMLElement, ground: Areas | null, shown: readonly Office[]): Promise<() => void> {
  await mapStyles();
  const map = openMap(box, ground, { label: t('offices.maplabel'), zoom: 13 });
  for (const house of houses(shown)) {
    const [lon, lat] = house[0]!.geometry!.coordinates;
    const names = house.map((each) => both(each.properties.name));
    const icon = L.divIcon({ className: 'house', html: house.length > 1 ? String(house.length) : '', iconSize: [44, 44] });
    const says = document.createElement('ul');
    says.className = 'plain house-names';
    for (const name of names) says.append(Object.assign(document.createElement('li'), { textContent: name }));
    L.marker([lat, lon], { icon, alt: names.join(', '), title: names[0]! }).bindPopup(says, { maxHeight: 240 }).addTo(map);
  }
  return () => closeMap(map);
}

function houses(shown: readonly Office[]): Office[][] {
  const found = new Map<string, Office[]>();
  for (const each of shown) {
    if (!each.geometry) continue;
    const at = each.geometry.coordinates.join();
    found.set(at, [...(found.get(at) ?? []), each]);
  }
  return [...found.values()];
}
