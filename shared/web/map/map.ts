/** The big map, loaded only when one is opened: `const { openMap } = await import('@web/map/map')`.

 The ground is our own: the wards' outlines. An operator may name raster tiles besides. */
import L from 'leaflet';
import Supercluster from 'supercluster';
import { readConfig } from '../core/config';
import { both, t } from '../core/i18n';
import { type Areas, type Landmark, type Point, CITY } from './geo';

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
  landmarks?: readonly Landmark[];
}

/** Return a Leaflet map on our ground, inside `box`. */
export function openMap(box: HTMLElement, areas: Areas | null, options: MapOptions): L.Map {
  const map = L.map(box, { zoomControl: false, attributionControl: true, keyboard: options.keyboard ?? true, minZoom: 10, maxZoom: 19 });
  map.attributionControl.setPrefix(false);
  // Leaflet 1.9.4 leaves this timer running when a map goes: it then asks a map that is no more
  map.on('unload', () => clearTimeout((map as unknown as { _sizeTimer?: number })._sizeTimer));
  box.setAttribute('role', 'application');
  box.setAttribute('aria-label', options.label);
  L.control.zoom({ position: 'topright', zoomInTitle: t('map.zoom_in'), zoomOutTitle: t('map.zoom_out') }).addTo(map);
  map.createPane(NAMES).style.zIndex = '450'; // above the ground, below what can be pressed
  const at = options.centre ?? CITY;
  map.setView([at.lat, at.lon], options.zoom ?? 14);
  const { tiles } = readConfig();
  if (tiles) L.tileLayer(tiles, { maxZoom: 19 }).addTo(map);
  if (areas) drawGround(map, areas, Boolean(tiles));
  if (areas?.boundaries === 'schematic') map.attributionControl.addAttribution(t('map.schematic'));
  if (options.landmarks?.length) drawLandmarks(map, options.landmarks);
  return map;
}

const NAMES = 'names';
const NAMED_FROM = 15; // zoom; further out the names would cover one another

/** Offices and landmarks to find one's way by; one name where several share a house. */
function drawLandmarks(map: L.Map, all: readonly Landmark[]): void {
  const houses = new Map(all.map((each) => [`${each.lat},${each.lon}`, each]));
  const layer = L.layerGroup().addTo(map);
  const draw = (): void => {
    layer.clearLayers();
    const named = map.getZoom() >= NAMED_FROM;
    for (const each of houses.values()) {
      const dot = L.circleMarker([each.lat, each.lon], { radius: 4, className: 'landmark', interactive: false });
      if (named) dot.bindTooltip(each.name, { permanent: true, direction: 'right', pane: NAMES, className: 'ground-name', interactive: false });
      dot.addTo(layer);
    }
  };
  map.on('zoomend', draw);
  draw();
}

function drawGround(map: L.Map, areas: Areas, tiled: boolean): void {
  L.geoJSON(areas, {
    interactive: false,
    style: () => ({ className: `ground${tiled ? ' tiled' : ''}`, weight: 1.2 }),
    onEachFeature: (feature, layer) => {
      layer.bindTooltip(both(feature.properties.name), { permanent: true, direction: 'center', pane: NAMES, className: 'ground-name', interactive: false });
    },
  }).addTo(map);
}

export { L, Supercluster };

/** Leaflet hears Enter on a marker, and makes a click of it for popups only. */
export function onPress(marker: L.Marker, act: () => void): L.Marker {
  return marker.on('click', act).on('keypress', (event) => {
    if ((event as L.LeafletKeyboardEvent).originalEvent.key === 'Enter') act();
  });
}

/** Take a map away. One that is still zooming would move its pane afterwards, which is gone then. */
export function closeMap(map: L.Map): void {
  (map as unknown as { _animatingZoom: boolean })._animatingZoom = false;
  map.remove();
}
