/** Names of categories, units and areas: the regulation as the API gives it. */
import { signal } from '@preact/signals';
import { get } from '@web/core/api';
import { type Bilingual, both } from '@web/core/i18n';
import type { Areas } from '@web/map/geo';

export interface Named {
  id: string;
  name: Bilingual;
  short?: Bilingual | null;
  kind?: string;
}

interface Catalogue {
  categories: Named[];
  units: Named[];
  areas: Named[];
}

export const catalogue = signal<Catalogue>({ categories: [], units: [], areas: [] });
export const ground = signal<Areas | null>(null);

export async function loadCatalogue(): Promise<void> {
  const [categories, units, areas] = await Promise.all(
    ['categories', 'units', 'areas'].map((each) => get<{ items: Named[] }>(each)),
  );
  catalogue.value = { categories: categories!.items, units: units!.items, areas: areas!.items };
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
