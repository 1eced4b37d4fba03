/** Positions and the ground that our maps are drawn on. */
import type { FeatureCollection, Geometry, Position } from 'geojson';

export interface Point {
  lat: number;
  lon: number;
}

export interface AreaProperties {
  id?: string;
  code?: string;
  name: string | { vi: string; en?: string };
}

/** `boundaries` says whether the outlines are official or only drawn for looking at. */
export type Areas = FeatureCollection<Geometry, AreaProperties> & { boundaries?: string };

/** A place with a name that helps to find one's way: an office, a landmark. */
export interface Landmark extends Point {
  name: string;
}

export const CITY: Point = { lat: 11.9404, lon: 108.4383 }; // the market, the middle of the city

/** Metres between two points; good to a per mille within a city. */
export function distance(a: Point, b: Point): number {
  const rad = Math.PI / 180;
  const x = (b.lon - a.lon) * rad * Math.cos(((a.lat + b.lat) / 2) * rad);
  const y = (b.lat - a.lat) * rad;
  return Math.hypot(x, y) * 6_371_000;
}

/** Return a point moved by metres. */
export function moved(from: Point, eastM: number, northM: number): Point {
  const rad = Math.PI / 180;
  return { lat: from.lat + northM / 111_195, lon: from.lon + eastM / (111_195 * Math.cos(from.lat * rad)) };
}

/** Every outer and inner ring of a geometry. */
export function rings(geometry: Geometry): Position[][] {
  if (geometry.type === 'Polygon') return geometry.coordinates;
  if (geometry.type === 'MultiPolygon') return geometry.coordinates.flat();
  return [];
}

/** Return the name of the area in which a point lies on the map; null outside all. */
export function areaAt(areas: Areas, at: Point): AreaProperties | null {
  return areas.features.find((each) => contains(rings(each.geometry), at))?.properties ?? null;
}

function contains(all: Position[][], at: Point): boolean {
  let inside = false;
  for (const ring of all) {
    for (let i = 0, j = ring.length - 1; i < ring.length; j = i, i += 1) {
      const [xi, yi] = ring[i] as [number, number];
      const [xj, yj] = ring[j] as [number, number];
      if (yi > at.lat !== yj > at.lat && at.lon < ((xj - xi) * (at.lat - yi)) / (yj - yi) + xi) inside = !inside;
    }
  }
  return inside;
}
