/** The big map, loaded only when one is opened: `const { openMap } = await import('@web/map/map')`.

 The ground is our own: the wards' outlines. An operator may name raster tiles besides. */
import L from 'leaflet';
import Supercluster from 'supercluster';
import { readConfig } from '../core/config';
import { t } from '../core/i18n';
import { type Areas, type Point, CITY } from './geo';

declare const MAP_CSS: string;

/** Load the map's styles once; call before `openMap`. */
export function mapStyles(): Promise<void> {
  if (document.querySelector(`link[href="${MAP_CSS}"]`)) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = MAP_CSS;
    link.onload = () => resolve();
    link.onerror = () => reject(new Error('map styles'));
    document.head.append(link);
  });
}

export interface MapOptions {
  centre?: Point;
  zoom?: number;
  label: string;
  keyboard?: boolean;
}

/** Return a Leaflet map on our ground, inside `box`. */
export function openMap(box: HTMLElement, areas: Areas | null, options: MapOptions): L.Map {
  const map = L.map(box, { zoomControl: false, attributionControl: true, keyboard: options.keyboard ?? true, minZoom: 10, maxZoom: 19 });
  map.attributionControl.setPrefix(false);
  box.setAttribute('role', 'application');
  box.setAttribute('aria-label', options.label);
  L.control.zoom({ position: 'topright', zoomInTitle: t('map.zoom_in'), zoomOutTitle: t('map.zoom_out') }).addTo(map);
  const at = options.centre ?? CITY;
  map.setView([at.lat, at.lon], options.zoom ?? 14);
  const { tiles } = readConfig();
  if (tiles) L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
  if (areas) drawGround(map, areas, Boolean(tiles));
  return map;
}

function drawGround(map: L.Map, areas: Areas, tiled: boolean): void {
  L.geoJSON(areas, {
    interactive: false,
    style: () => ({ className: `ground${tiled ? ' tiled' : ''}`, weight: 1.2 }),
    onEachFeature: (feature, layer) => {
      const name = feature.properties.name;
      layer.bindTooltip(typeof name === 'string' ? name : name.vi, { permanent: true, direction: 'center', className: 'ground-name', interactive: false });
    },
  }).addTo(map);
}

export { L, Supercluster };
