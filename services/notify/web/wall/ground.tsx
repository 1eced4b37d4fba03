/** The wall's map: wards as the ground, cases as shapes, clusters as rings. Plain SVG. */
import type { JSX } from 'preact';
import { computed, signal } from '@preact/signals';
import { both, t } from '@web/core/i18n';
import type { Position } from 'geojson';
import { type Areas, rings } from '@web/map/geo';
import { type Cluster, type Point, clustered, radiusOf, sizeOf } from './clusters';
import { cases } from './data';
import { type Mark, markOf, nextTurn } from './model';
import { ground, shortened } from './names';

const WIDTH = 1060;
const HEIGHT = 480;
const REACH = 64; // pixels: what lies nearer than this is one ring
const MARGIN = 24;
const PHONE = matchMedia('(max-width: 900px)').matches; // as in wall.css: larger letters there
const [LETTER, LINE] = PHONE ? [24, 46] : [17, 34]; // units of the picture

interface Projection {
  x: (lon: number) => number;
  y: (lat: number) => number;
}

/** Fit the dense half of the city into the picture: the wide communes around it may be cut. */
function projection(areas: Areas | null): Projection {
  const bySize = [...(areas?.features ?? [])].map((each) => rings(each.geometry).flat()).sort((a, b) => extent(a) - extent(b));
  const points = bySize.slice(0, Math.max(1, Math.ceil(bySize.length * 0.6))).flat();
  const lons = points.map((each) => each[0]!);
  const lats = points.map((each) => each[1]!);
  const [west, east] = points.length ? [Math.min(...lons), Math.max(...lons)] : [108.37, 108.52];
  const [south, north] = points.length ? [Math.min(...lats), Math.max(...lats)] : [11.88, 12.0];
  const stretch = 1 / Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = Math.min((WIDTH - 2 * MARGIN) / (east - west), (HEIGHT - 2 * MARGIN) / ((north - south) * stretch));
  const left = (WIDTH - (east - west) * scale) / 2;
  const top = (HEIGHT - (north - south) * stretch * scale) / 2;
  return { x: (lon) => left + (lon - west) * scale, y: (lat) => top + (north - lat) * stretch * scale };
}

const spread = (values: number[]): number => Math.max(...values) - Math.min(...values);

/** How large an outline is, in square degrees of its box. */
function extent(ring: number[][]): number {
  return spread(ring.map((each) => each[0]!)) * spread(ring.map((each) => each[1]!));
}

/** The moment that the map is drawn of: it moves on when a case is to be drawn in another way. */
export const drawnAt = signal(Date.now());
const turn = computed(() => nextTurn(cases.value.values(), drawnAt.value));

/** Tell the map what time it is; it is drawn again only when that changes a mark. */
export function mapAt(now: number): void {
  if (now >= turn.value || now < drawnAt.value) drawnAt.value = now;
}

const to = computed(() => projection(ground.value));

interface Picture {
  clusters: Cluster[];
  placed: number;
  unplaced: number;
  overdue: number;
}

const picture = computed<Picture>(() => {
  const points: Point[] = [];
  let [placed, overdue] = [0, 0];
  for (const each of cases.value.values()) {
    if (each.lat === null || each.lon === null) continue;
    const [x, y, mark] = [to.value.x(each.lon), to.value.y(each.lat), markOf(each, drawnAt.value)];
    placed += 1;
    if (mark === 'overdue') overdue += 1;
    if (x > -REACH && x < WIDTH + REACH && y > -REACH && y < HEIGHT + REACH) points.push({ x, y, mark });
  }
  return { clusters: clustered(points, REACH), placed, unplaced: cases.value.size - placed, overdue };
});

const BOX = { preserveAspectRatio: 'xMidYMid meet', viewBox: `0 0 ${WIDTH} ${HEIGHT}` };

/** The ground is a picture of its own: it is not painted again when a ring changes. */
export function Ground(): JSX.Element {
  const { clusters, placed, unplaced, overdue } = picture.value;
  return (
    <>
      <div class="ground" role="img" aria-label={t('wall.map', { n: placed, overdue })}>
        <Wards />
        <svg {...BOX}>{clusters.map((each) => <Ring key={each.key} cluster={each} />)}</svg>
      </div>
      <p class="legend">
        {(['overdue', 'soon', 'open'] as const).map((mark) => (
          <span key={mark}><svg viewBox="-20 -20 40 40" aria-hidden="true"><Shape x={0} y={0} mark={mark} /></svg>{t(`wall.mark.${mark}`)}</span>
        ))}
        {unplaced > 0 && <span class="unplaced">{t('wall.unplaced', { n: unplaced })}</span>}
      </p>
    </>
  );
}

function outline(all: Position[][], to: Projection): string {
  const point = ([lon, lat]: Position): string => `${to.x(lon!).toFixed(1)} ${to.y(lat!).toFixed(1)}`;
  return all.map((ring) => `M${ring.map(point).join('L')}Z`).join('');
}

interface Label {
  x: number;
  y: number;
  name: string;
}

const half = (label: Label): number => (label.name.length * LETTER) / 2;
const inside = (label: Label): Label => ({ ...label, x: Math.min(Math.max(label.x, half(label) + 8), WIDTH - half(label) - 8) });
const seen = ({ y }: Label): boolean => y > LINE && y < HEIGHT - LINE / 2;
const over = (a: Label, b: Label): boolean => Math.abs(a.x - b.x) < half(a) + half(b) && Math.abs(a.y - b.y) < LINE;

/** The wards' names, as long as their ward is wide; one that would lie over another is left out. */
function labels(areas: Areas): Label[] {
  const kept: Label[] = [];
  for (const { geometry, properties } of areas.features) {
    const ring = rings(geometry)[0] ?? [];
    const [xs, ys] = [ring.map((p) => to.value.x(p[0]!)), ring.map((p) => to.value.y(p[1]!))];
    const name = both(properties.name);
    const fits = [name, shortened(name)].map((each) => inside({ x: mean(xs), y: mean(ys), name: each }));
    const found = fits.find((each) => seen(each) && 2 * half(each) <= spread(xs) && !kept.some((other) => over(each, other)));
    if (found) kept.push(found);
  }
  return kept;
}

const mean = (values: number[]): number => values.reduce((sum, each) => sum + each, 0) / (values.length || 1);

function Wards(): JSX.Element {
  const areas = ground.value?.features ?? [];
  return (
    <svg class="wards" {...BOX}>
      {areas.map((each, n) => <path key={n} class="ward" d={outline(rings(each.geometry), to.value)} />)}
      {ground.value && labels(ground.value).map((each) => <text key={each.name} class="name" x={each.x} y={each.y} text-anchor="middle">{each.name}</text>)}
    </svg>
  );
}

/** One case is its shape; several are a ring that is split as they are. */
function Ring({ cluster }: { cluster: Cluster }): JSX.Element {
  const { x, y, open, soon, overdue } = cluster;
  const total = sizeOf(cluster);
  if (total === 1) return <Shape x={x} y={y} mark={overdue ? 'overdue' : soon ? 'soon' : 'open'} />;
  const radius = radiusOf(total);
  const around = 2 * Math.PI * radius;
  let turned = 0;
  const arcs = ([['overdue', overdue], ['soon', soon], ['open', open]] as const).filter(([, count]) => count > 0);
  return (
    <g class={`cluster${overdue ? ' late' : ''}`}>
      <circle class="inside" cx={x} cy={y} r={radius} />
      {arcs.map(([mark, count]) => {
        const length = (count / total) * around;
        const arc = <circle key={mark} class={`arc ${mark}`} cx={x} cy={y} r={radius} stroke-dasharray={`${length} ${around - length}`} stroke-dashoffset={around / 4 - turned} />;
        turned += length;
        return arc;
      })}
      <text x={x} y={y + 11} text-anchor="middle">{total}</text>
    </g>
  );
}

function Shape({ x, y, mark }: { x: number; y: number; mark: Mark }): JSX.Element {
  if (mark === 'overdue') return <path class="shape overdue" d={`M${x} ${y - 17}l17 30h-34z`} />;
  if (mark === 'soon') return <path class="shape soon" d={`M${x} ${y - 16}l16 16l-16 16l-16 -16z`} />;
  return <circle class="shape open" cx={x} cy={y} r={12} />;
}
