/** Names of categories, units and areas: the regulation as the API gives it. */
import { signal } from '@preact/signals';
import { get } from '@web/core/api';
import { type Bilingual, both } from '@web/core/i18n';
import type { Areas, Landmark, Point } from '@web/map/geo';

export interface Named {
  id: string;
  name: Bilingual;
  short?: Bilingual | null;
  kind?: string;
}

export interface Category extends Named {
  limit_hours: number;
  clock: string;
  lead: string | null;
  emergency: string[];
  keywords: string[];
}

export interface Unit extends Named {
  address?: string | null;
  location?: Point | null;
}

export interface Area extends Named {
  centre: Point;
}

export interface TermsText {
  version: string;
  text: Bilingual;
}

interface Catalogue {
  categories: Category[];
  units: Unit[];
  areas: Area[];
  terms: TermsText | null;
}

export const catalogue = signal<Catalogue>({ categories: [], units: [], areas: [], terms: null });
export const ground = signal<Areas | null>(null);

export async function loadCatalogue(): Promise<void> {
  const [categories, units, areas] = await Promise.all([
    get<{ items: Category[]; terms: TermsText }>('categories'),
    get<{ items: Unit[] }>('units'),
    get<{ items: Area[] }>('areas'),
  ]);
  const { items, terms } = categories;
  catalogue.value = { categories: items, units: units.items, areas: areas.items, terms };
  ground.value = await get<Areas>('areas.geojson').catch(() => null);
}

function named(list: readonly Named[], id: string | null): string {
  if (!id) return '';
  const found = list.find((each) => each.id === id);
  return found ? both(found.name) : id;
}

export const categoryName = (id: string | null): string => named(catalogue.value.categories, id);
export const areaName = (id: string | null): string => named(catalogue.value.areas, id);

export function unitName(id: string | null): string {
  return named(catalogue.value.units, id);
}

/** The offices as places to find one's way by. */
export const landmarks = (): Landmark[] =>
  catalogue.value.units.flatMap((each) =>
    each.location ? [{ ...each.location, name: both(each.name) }] : [],
  );
