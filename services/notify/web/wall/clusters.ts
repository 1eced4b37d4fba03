// How cases are drawn together on the map. Pure, and bounded by the cells of the picture.
import type { Mark } from './model';

export interface Cluster {
  key: string; // of the cell that it began in: the same ring from picture to picture
  x: number;
  y: number;
  open: number;
  soon: number;
  overdue: number;
}

export interface Point {
  x: number;
  y: number;
  mark: Mark;
}

const ONE = 20; // pixels that a single case takes from its middle, its edge included
const EDGE = 5; // half of a ring's line

export const sizeOf = (each: Cluster): number => each.open + each.soon + each.overdue;

/** The radius of a ring of so many cases, in pixels. */
export const radiusOf = (many: number): number => Math.min(46, 20 + 5 * Math.log2(many));

/** Cases that would lie on each other on the screen, as one ring; `reach` is a cell in pixels. */
export function clustered(points: Iterable<Point>, reach: number): Cluster[] {
  const cells = new Map<string, Cluster>();
  for (const { x, y, mark } of points) {
    const key = `${Math.floor(x / reach)}:${Math.floor(y / reach)}`;
    let cell = cells.get(key);
    if (!cell) cells.set(key, (cell = { key, x: 0, y: 0, open: 0, soon: 0, overdue: 0 }));
    const many = sizeOf(cell);
    cell.x = (cell.x * many + x) / (many + 1);
    cell.y = (cell.y * many + y) / (many + 1);
    cell[mark] += 1;
  }
  return apart([...cells.values()]);
}

const room = (many: number): number => (many === 1 ? ONE : radiusOf(many) + EDGE);

/** Say whether two rings would touch. */
export function touching(a: Cluster, b: Cluster): boolean {
  return (a.x - b.x) ** 2 + (a.y - b.y) ** 2 < (room(sizeOf(a)) + room(sizeOf(b))) ** 2;
}

function joined(a: Cluster, b: Cluster): Cluster {
  const [m, n] = [sizeOf(a), sizeOf(b)];
  return {
    key: m >= n ? a.key : b.key,
    x: (a.x * m + b.x * n) / (m + n),
    y: (a.y * m + b.y * n) / (m + n),
    open: a.open + b.open,
    soon: a.soon + b.soon,
    overdue: a.overdue + b.overdue,
  };
}

/** Neighbouring cells may hold rings that touch: they are joined until none do. */
function apart(given: readonly Cluster[]): Cluster[] {
  const kept: Cluster[] = [];
  for (const each of [...given].sort((a, b) => sizeOf(b) - sizeOf(a) || (a.key < b.key ? -1 : 1))) {
    let one = each;
    for (let at = 0; at < kept.length; at += 1) {
      if (!touching(kept[at]!, one)) continue;
      one = joined(kept.splice(at, 1)[0]!, one);
      at = -1; // it moved: look at all others again
    }
    kept.push(one);
  }
  return kept;
}
