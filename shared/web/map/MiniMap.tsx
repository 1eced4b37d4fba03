/** A picture of one place as SVG, drawn from the wards' outlines: no library, also on paper. */
import type { JSX } from 'preact';
import { both, t } from '../core/i18n';
import { type Areas, type Point, distance, moved, rings } from './geo';

const WIDTH = 400;
const HEIGHT = 220;

/** `radiusM` is how far the picture reaches to the left and right of the point. */
export function MiniMap({ areas, at, radiusM = 1800, accuracyM, label }: { areas: Areas | null; at: Point; radiusM?: number; accuracyM?: number | null; label?: string }): JSX.Element {
  const east = moved(at, radiusM, 0).lon - at.lon;
  const perDegree = WIDTH / 2 / east;
  const stretch = 1 / Math.cos((at.lat * Math.PI) / 180);
  const x = (lon: number): number => WIDTH / 2 + (lon - at.lon) * perDegree;
  const y = (lat: number): number => HEIGHT / 2 - (lat - at.lat) * perDegree * stretch;
  const path = (ring: number[][]): string => `M${ring.map(([lon, lat]) => `${x(lon!).toFixed(1)} ${y(lat!).toFixed(1)}`).join('L')}Z`;
  const halo = accuracyM ? Math.min((accuracyM / radiusM) * (WIDTH / 2), HEIGHT) : 0;
  return (
    <svg class="minimap" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label ?? t('map.here')}>
      {areas?.features.map((each, n) => <path class="ward" key={n} d={rings(each.geometry).map(path).join('')} />)}
      {areas?.features.map((each, n) => {
        const middle = centre(rings(each.geometry)[0] ?? []);
        const name = both(each.properties.name);
        return distance(middle, at) < radiusM ? <text key={n} x={x(middle.lon)} y={Math.abs(x(middle.lon) - WIDTH / 2) < 60 && Math.abs(y(middle.lat) - HEIGHT / 2) < 40 ? HEIGHT / 2 + 20 : y(middle.lat)} text-anchor="middle">{name}</text> : null;
      })}
      {halo > 9 && <circle class="halo" cx={WIDTH / 2} cy={HEIGHT / 2} r={halo} />}
      <path class="here" d={`M${WIDTH / 2} ${HEIGHT / 2}c-3-9-11-14-11-22a11 11 0 0 1 22 0c0 8-8 13-11 22z`} />
    </svg>
  );
}

function centre(ring: number[][]): Point {
  const n = ring.length || 1;
  return { lat: ring.reduce((sum, p) => sum + p[1]!, 0) / n, lon: ring.reduce((sum, p) => sum + p[0]!, 0) / n };
}
