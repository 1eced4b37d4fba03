/** Public reports in the order in which they concern the city, and whoever stands near them. Pure. */
import { type Point, distance } from '@web/map/geo';

export interface Mapped {
  geometry: { coordinates: [number, number] } | null;
  properties: { mark: string; state: string; received_at: string };
}

const DONE = ['resolved', 'closed'];
const GROUPS = ['overdue', 'soon', 'open', 'done'] as const;
export type Group = (typeof GROUPS)[number];

/** Which shape and which place in the list a report has. */
export function groupOf({ mark, state }: Mapped['properties']): Group {
  if (mark === 'overdue' || mark === 'soon') return mark;
  return DONE.includes(state) ? 'done' : 'open';
}

/** Metres from somewhere to where a report is shown; null where that is not known. */
export function metresTo(each: Mapped, here: Point | null): number | null {
  if (!here || !each.geometry) return null;
  const [lon, lat] = each.geometry.coordinates;
  return distance(here, { lat, lon });
}

/** Overdue first, then what is due soon, open, done; of each the nearest first, or else the newest. */
export function inOrder<T extends Mapped>(all: readonly T[], here: Point | null): T[] {
  const rank = (each: T): number => GROUPS.indexOf(groupOf(each.properties));
  const far = (each: T): number => metresTo(each, here) ?? Number.MAX_VALUE;
  return [...all].sort((a, b) => rank(a) - rank(b) || far(a) - far(b) || b.properties.received_at.localeCompare(a.properties.received_at));
}
