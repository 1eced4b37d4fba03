// Lists that are longer than the wall is high: shown page by page, each for some seconds. Pure.

export const TURN_MS = 8_000; // three lines are read in less, from five metres

export interface Leaf<T> {
  rows: readonly T[];
  page: number; // from 1
  pages: number;
}

/** The page of a list that the wall has come to after some turns; after the last the first. */
export function leafOf<T>(rows: readonly T[], size: number, turns: number): Leaf<T> {
  const pages = Math.max(1, Math.ceil(rows.length / size));
  const page = turns % pages;
  return { rows: rows.slice(page * size, (page + 1) * size), page: page + 1, pages };
}
