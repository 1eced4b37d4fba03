/** Cases on the big map. Loaded only when a map is opened: Leaflet is a third of the desk. */
import { t } from '@web/core/i18n';
import type { Areas, Point } from '@web/map/geo';
import { L, Supercluster, closeMap, mapStyles, onPress, openMap } from '@web/map/map';

export interface Pin extends Point {
  code: string;
  name: string; // what a screen reader hears and a pointer shows
  mark: 'open' | 'soon' | 'overdue' | 'done' | 'here';
  accuracyM?: number | null;
}

export interface CaseMap {
  show: (pins: readonly Pin[]) => void;
  mark: (code: string | null) => void;
  close: () => void;
}

// shapes differ as the chips' icons do, since colour alone fails
const SHAPES: Readonly<Record<Pin['mark'], string>> = {
  open: '<circle cx="12" cy="12" r="7"/>',
  soon: '<path d="M12 3l9 9l-9 9l-9-9z"/>',
  overdue: '<path d="M12 3l10 18h-20z"/>',
  done: '<circle cx="12" cy="12" r="5"/>',
  here: '<path d="M12 23c-2-6-8-9-8-14a8 8 0 0 1 16 0c0 5-6 8-8 14z"/>',
};
const HALF_PIN = 22;
const CLOSE_ZOOM = 16;
const ONE_PIN_ZOOM = 15;

type Counted = { overdue: number };
type Index = Supercluster<Pin, Counted>;

/** Draw a map into `box`; `onOpen` is told which case somebody chose on it. */
export async function drawCases(
  box: HTMLElement,
  ground: Areas | null,
  onOpen: (code: string) => void,
): Promise<CaseMap> {
  await mapStyles();
  const map = openMap(box, ground, { label: t('map.cases') });
  const layer = L.layerGroup().addTo(map);
  let index = indexOf([]);
  let here: Pin | undefined;
  let chosen: string | null = null;
  let fitted = false;
  const draw = (): void => {
    layer.clearLayers();
    const b = map.getBounds();
    const box4: [number, number, number, number] = [
      b.getWest(), b.getSouth(), b.getEast(), b.getNorth(),
    ];
    for (const found of index.getClusters(box4, Math.round(map.getZoom()))) {
      const at = L.latLng(found.geometry.coordinates[1]!, found.geometry.coordinates[0]!);
      const p = found.properties as Pin & Counted & { cluster?: boolean; point_count: number };
      const whole = isWhole(map, at);
      const open = (): void => openCluster(map, index, found.id, at);
      if (p.cluster) drawCluster(layer, at, p, whole ? open : null);
      else drawPin(layer, p, p.code === chosen, whole ? onOpen : null);
    }
    if (here) drawHere(layer, here);
  };
  map.on('moveend', draw);
  // its box grows with the page around it
  const watch = new ResizeObserver(() => map.invalidateSize({ pan: false }));
  watch.observe(box);
  return {
    show: (pins) => {
      here = pins.find((each) => each.mark === 'here');
      index = indexOf(pins.filter((each) => each.mark !== 'here'));
      if (!fitted && pins.length) {
        fitted = true;
        fit(map, pins, here);
      }
      draw();
    },
    mark: (code) => {
      chosen = code;
      draw();
    },
    close: () => {
      watch.disconnect();
      closeMap(map);
    },
  };
}

/** Whether a pin stands whole in the map's box: a finger cannot hit what the edge cuts off. */
function isWhole(map: L.Map, at: L.LatLng): boolean {
  const size = map.getSize();
  const { x, y } = map.latLngToContainerPoint(at);
  return x >= HALF_PIN && y >= HALF_PIN && x <= size.x - HALF_PIN && y <= size.y - HALF_PIN;
}

function indexOf(pins: readonly Pin[]): Index {
  const index: Index = new Supercluster<Pin, Counted>({
    radius: 112, // of its 512-pixel tiles: half as much on Leaflet's, a finger's width
    maxZoom: 19, // several at one spot stay one mark
    map: (pin) => ({ overdue: pin.mark === 'overdue' ? 1 : 0 }),
    reduce: (sum, pin) => {
      sum.overdue += pin.overdue;
    },
  });
  return index.load(
    pins.map((pin) => ({
      type: 'Feature',
      geometry: { type: 'Point', coordinates: [pin.lon, pin.lat] },
      properties: pin,
    })),
  );
}

function fit(map: L.Map, pins: readonly Pin[], here: Pin | undefined): void {
  if (here) map.setView([here.lat, here.lon], CLOSE_ZOOM, { animate: false });
  else if (pins.length === 1) map.setView([pins[0]!.lat, pins[0]!.lon], ONE_PIN_ZOOM, { animate: false });
  else {
    const around = L.latLngBounds(pins.map((each) => [each.lat, each.lon]));
    map.fitBounds(around, { padding: [40, 40], maxZoom: CLOSE_ZOOM, animate: false });
  }
}

function openCluster(map: L.Map, index: Index, id: unknown, at: L.LatLng): void {
  map.setView(at, Math.min(index.getClusterExpansionZoom(Number(id)), map.getMaxZoom()));
}

type Drawn = Counted & { point_count: number };
type Press = (() => void) | null; // null: seen, not to be pressed

function drawCluster(layer: L.LayerGroup, at: L.LatLng, p: Drawn, open: Press): void {
  const late = p.overdue ? ' overdue' : '';
  const icon = L.divIcon({
    className: `cluster${late}`,
    html: String(p.point_count),
    iconSize: [46, 46],
  });
  const name = t('map.cluster', { n: p.point_count, late: p.overdue });
  const pressed = { interactive: open !== null, keyboard: open !== null };
  const named = { alt: name, title: name, autoPanOnFocus: false };
  const marker = L.marker(at, { icon, ...named, ...pressed });
  if (open) onPress(marker, open);
  marker.addTo(layer);
}

function drawPin(
  layer: L.LayerGroup,
  pin: Pin,
  chosen: boolean,
  onOpen: ((code: string) => void) | null, // null: seen, not to be pressed
): void {
  const icon = L.divIcon({
    className: `pin ${pin.mark}${chosen ? ' chosen' : ''}`,
    html: `<svg viewBox="0 0 24 24" aria-hidden="true">${SHAPES[pin.mark]}</svg>`,
    iconSize: [44, 44],
  });
  // panning to a focused pin would draw all anew and take the focus away
  const named = { alt: pin.name, title: pin.name, autoPanOnFocus: false };
  const pressed = { interactive: onOpen !== null, keyboard: onOpen !== null };
  const marker = L.marker([pin.lat, pin.lon], { icon, riseOnHover: true, ...named, ...pressed });
  if (onOpen) onPress(marker, () => onOpen(pin.code));
  marker.addTo(layer);
}

function drawHere(layer: L.LayerGroup, pin: Pin): void {
  const at = L.latLng(pin.lat, pin.lon);
  if (pin.accuracyM) {
    L.circle(at, { radius: pin.accuracyM, className: 'halo', interactive: false }).addTo(layer);
  }
  const icon = L.divIcon({
    className: 'pin here',
    html: `<svg viewBox="0 0 24 24" aria-hidden="true">${SHAPES.here}</svg>`,
    iconSize: [44, 44],
    iconAnchor: [22, 42],
  });
  L.marker(at, { icon, interactive: false, keyboard: false, zIndexOffset: 900 }).addTo(layer);
}
