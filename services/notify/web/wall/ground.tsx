/** The wall's map: wards as the ground, cases as shapes, clusters as rings. Plain SVG. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { both, t } from '@web/core/i18n';
import { type Areas, rings } from '@web/map/geo';
import { type Cluster, type OpenCase, clustered, markOf } from './model';

const WIDTH = 1060;
const HEIGHT = 620;
const REACH = 64; // pixels: what lies nearer than this is one ring
const MARGIN = 24;
const LETTER = 9; // pixels of a name's letter

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

export function Ground({ areas, cases, at }: { areas: Areas | null; cases: readonly OpenCase[]; at: number }): JSX.Element {
  const to = useMemo(() => projection(areas), [areas]);
  const placed = cases.filter((each) => each.lat !== null && each.lon !== null);
  const clusters = clustered(placed.map((each) => ({ x: to.x(each.lon!), y: to.y(each.lat!), mark: markOf(each, at) })), REACH);
  const overdue = placed.filter((each) => markOf(each, at) === 'overdue').length;
  return (
    <svg class="ground" preserveAspectRatio="xMidYMid slice" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={t('wall.map', { n: placed.length, overdue })}>
      <Wards areas={areas} to={to} />
      {clusters.filter((each) => each.x > -REACH && each.x < WIDTH + REACH).map((each) => <Ring key={`${each.x.toFixed(1)}:${each.y.toFixed(1)}`} cluster={each} />)}
    </svg>
  );
}

function Wards({ areas, to }: { areas: Areas | null; to: Projection }): JSX.Element {
  return useMemo(
    () => (
      <g>
        {areas?.features.map((each, n) => (
          <path key={n} class="ward" d={rings(each.geometry).map((ring) => `M${ring.map(([lon, lat]) => `${to.x(lon!).toFixed(1)} ${to.y(lat!).toFixed(1)}`).join('L')}Z`).join('')} />
        ))}
        {areas?.features.map((each, n) => {
          const ring = rings(each.geometry)[0] ?? [];
          const x = ring.reduce((sum, p) => sum + to.x(p[0]!), 0) / (ring.length || 1);
          const y = ring.reduce((sum, p) => sum + to.y(p[1]!), 0) / (ring.length || 1);
          // a name that is wider than its ward would lie over its neighbours'
          if (spread(ring.map((p) => to.x(p[0]!))) < LETTER * both(each.properties.name).length) return null;
          return <text key={n} class="name" x={x} y={y} text-anchor="middle">{both(each.properties.name)}</text>;
        })}
      </g>
    ),
    [areas, to],
  );
}

/** One case is its shape; several are a ring that is split as they are. */
function Ring({ cluster }: { cluster: Cluster }): JSX.Element {
  const { x, y, open, soon, overdue } = cluster;
  const total = open + soon + overdue;
  if (total === 1) return <Shape x={x} y={y} mark={overdue ? 'overdue' : soon ? 'soon' : 'open'} />;
  const radius = Math.min(46, 20 + 5 * Math.log2(total));
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

function Shape({ x, y, mark }: { x: number; y: number; mark: 'open' | 'soon' | 'overdue' }): JSX.Element {
  if (mark === 'overdue') return <path class="shape overdue" d={`M${x} ${y - 17}l17 30h-34z`} />;
  if (mark === 'soon') return <path class="shape soon" d={`M${x} ${y - 16}l16 16l-16 16l-16 -16z`} />;
  return <circle class="shape open" cx={x} cy={y} r={12} />;
}
