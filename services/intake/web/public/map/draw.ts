/** Cases on the big map: clusters with their number, overdue ones marked by shape as well as colour. */
import { both, t } from '@web/core/i18n';
import type { Areas, Landmark } from '@web/map/geo';
import { L, Supercluster, closeMap, mapStyles, onPress, openMap } from '@web/map/map';
import { groupOf } from '../logic/mapped';
import { go } from '../router';
import type { Feature, Shown } from './MapPage';

const COARSE_ZOOM = 15; // from here on a place is drawn as the area that it is known by

interface Counted {
  overdue: number;
}

export async function drawCases(
  box: HTMLElement,
  ground: Areas | null,
  shown: Feature[],
  landmarks: readonly Landmark[],
): Promise<() => void> {
  await mapStyles();
  const map = openMap(box, ground, { label: t('map.map.label'), zoom: 13, landmarks });
  const index = new Supercluster<Shown, Counted>({ radius: 56, extent: 256, maxZoom: 17, map: (p) => ({ overdue: p.mark === 'overdue' ? 1 : 0 }), reduce: (sum, p) => { sum.overdue += p.overdue; } });
  index.load(shown.filter((each) => each.geometry).map((each) => ({ type: 'Feature', geometry: { type: 'Point', coordinates: each.geometry!.coordinates }, properties: each.properties })));
  const layer = L.layerGroup().addTo(map);
  const draw = (): void => {
    layer.clearLayers();
    const b = map.getBounds();
    for (const found of index.getClusters([b.getWest(), b.getSouth(), b.getEast(), b.getNorth()], Math.round(map.getZoom()))) {
      const at = L.latLng(found.geometry.coordinates[1]!, found.geometry.coordinates[0]!);
      const p = found.properties;
      if ('cluster' in p && p.cluster) cluster(layer, at, p, () => map.setView(at, index.getClusterExpansionZoom(Number(found.id))));
      else single(layer, at, p as Shown, map.getZoom());
    }
  };
  map.on('moveend', draw);
  draw();
  return () => closeMap(map);
}

function cluster(layer: L.LayerGroup, at: L.LatLng, p: Counted & { point_count: number }, open: () => void): void {
  const icon = L.divIcon({ className: `cluster${p.overdue ? ' overdue' : ''}`, html: String(p.point_count), iconSize: [48, 48] });
  const name = t('map.cluster', { n: p.point_count, m: p.overdue });
  onPress(L.marker(at, { icon, alt: name, title: name }), open).addTo(layer);
}

function single(layer: L.LayerGroup, at: L.LatLng, p: Shown, zoom: number): void {
  const group = groupOf(p);
  if (zoom >= COARSE_ZOOM) L.circle(at, { radius: p.precision_m / 2, className: `coarse ${group}`, interactive: false }).addTo(layer);
  const icon = L.divIcon({ className: `case ${group}`, iconSize: [44, 44] });
  const flag = group === 'overdue' || group === 'soon' ? `, ${t(`flag.${group}`)}` : '';
  const name = `${both(p.category_name)}, ${t(`state.${p.state}`)}${flag}`;
  const marker = L.marker(at, { icon, alt: name, title: name });
  onPress(marker, () => go(`/r/${p.code}`)).addTo(layer);
}
