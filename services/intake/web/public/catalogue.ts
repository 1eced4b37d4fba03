/** The regulation as the API gives it; kept on the phone for when there is no network. */
import { signal } from '@preact/signals';
import { get } from '@web/core/api';
import { type Bilingual, both } from '@web/core/i18n';
import type { Areas, Landmark, Point } from '@web/map/geo';
import { keep, kept } from './store';

declare const GROUND: string;

export interface Category {
  id: string;
  name: Bilingual;
  limit_hours: number;
  clock: string;
  icon: string;
  lead: string;
  evidence: { report: 'required' | 'optional' };
  identity: 'required' | 'optional';
  emergency: string[];
  keywords: string[];
}

export interface Visibility {
  title: Bilingual;
  explanation: Bilingual;
  identity: Record<'handling_unit' | 'office' | 'leaders' | 'ioc' | 'public', 'never' | 'on_purpose' | 'always'>;
}

export interface Catalogue {
  items: Category[];
  terms: { version: string; text: Bilingual };
  visibility: Record<string, Visibility>;
}

export interface Unit {
  id: string;
  kind: string;
  name: Bilingual;
  short: string | null;
  area: string | null;
  address: string | null;
  phone: string | null;
  location: Point | null;
}

export interface Area {
  id: string;
  code: string;
  name: Bilingual;
  centre: Point;
}

export const catalogue = signal<Catalogue | null>(null);
export const units = signal<Unit[]>([]);
export const areas = signal<Area[]>([]);
export const ground = signal<Areas | null>(null);
export const failure = signal<unknown>(null);

/** Load what every screen needs; what was kept is shown at once, and freshened behind. */
export async function loadCatalogue(): Promise<void> {
  const held = <T>(id: string): Promise<T | null> => kept<T>(id).catch(() => null); // the city is asked also where nothing is kept
  const [c, u, a] = await Promise.all([held<Catalogue>('categories'), held<Unit[]>('units'), held<Area[]>('areas')]);
  if (c) catalogue.value = c;
  if (u) units.value = u;
  if (a) areas.value = a;
  try {
    const [freshC, freshU, freshA] = await Promise.all([get<Catalogue>('categories'), get<{ items: Unit[] }>('units'), get<{ items: Area[] }>('areas')]);
    catalogue.value = freshC;
    units.value = freshU.items;
    areas.value = freshA.items;
    failure.value = null;
    await Promise.all([keep('categories', freshC), keep('units', freshU.items), keep('areas', freshA.items)]);
  } catch (error) {
    if (!catalogue.value) failure.value = error;
  }
}

/** The outlines of the wards that the city has; without a network those that were kept. */
export async function loadGround(): Promise<Areas | null> {
  if (ground.value) return ground.value;
  const found = await outlines();
  if (!found) return null; // a map without a ground still takes a pin
  for (const each of found.features) each.properties.id ??= String(each.id ?? '');
  ground.value = { ...found, features: found.features.filter((each) => each.geometry) };
  return ground.value;
}

async function outlines(): Promise<Areas | null> {
  try {
    const fresh = await get<Areas>('areas.geojson');
    await keep('ground', fresh).catch(() => undefined);
    return fresh;
  } catch {
    return (await kept<Areas>('ground').catch(() => null)) ?? shipped();
  }
}

/** The drawing that was built in: on a phone that has never reached the city's own. */
async function shipped(): Promise<Areas | null> {
  try {
    const found = (await (await fetch(GROUND)).json()) as Areas;
    const names = new Map(areas.value.map((each) => [each.code, each]));
    for (const each of found.features) {
      const known = names.get(each.properties.code ?? '');
      if (known) Object.assign(each.properties, { id: known.id, name: known.name });
    }
    return found;
  } catch {
    return null;
  }
}

/** The offices as landmarks of the map. */
export const landmarks = (): Landmark[] =>
  units.value.filter((each) => each.location).map((each) => ({ ...each.location!, name: each.area && each.short ? each.short : shortOf(each) }));

// many offices share one house: there the map says the house's name
const shortOf = (each: Unit): string => (each.kind === 'ward' ? both(each.name) : (each.address?.split(',')[0] ?? both(each.name)));

export const unitName = (id: string | null | undefined): Bilingual | string => units.value.find((each) => each.id === id)?.name ?? '';
export const categoryOf = (id: string | null | undefined): Category | undefined => catalogue.value?.items.find((each) => each.id === id);
