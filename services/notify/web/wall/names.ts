/** Names and the ground of the map; they come from intake, where everybody may read them. */
import { signal } from '@preact/signals';
import { both, language } from '@web/core/i18n';
import type { Areas } from '@web/map/geo';

interface Named {
  id: string;
  name: { vi: string; en?: string | null };
  short?: string | null; // of a unit: what people call it
}

const LISTS = ['categories', 'units', 'areas'];
const AGAIN_MS = 15_000;

export const names = signal<Record<string, Named>>({});
export const ground = signal<Areas | null>(null);

/** What people call it; an id that nobody knows stays as it is. */
export function nameOf(id: string): string {
  const named = names.value[id];
  if (!named) return id;
  return (language.value === 'vi' && named.short) || both(named.name);
}

/** The shortest that is still understood: "P.5". */
export const shortOf = (id: string): string => shortened(nameOf(id));
export const shortened = (name: string): string => name.replace(/^Phường /, 'P.').replace(/^Ward /, 'W.');

/** Learn them; a wall that starts before intake asks until it has all. */
export async function learn(intake: string): Promise<void> {
  const [areas, ...lists] = await Promise.all([
    open<Areas>(`${intake}/api/v1/areas.geojson`),
    ...LISTS.map((each) => open<{ items: Named[] }>(`${intake}/api/v1/${each}`)),
  ]);
  if (areas) ground.value = areas;
  const found = lists.flatMap((each) => each?.items ?? []).map((each) => [each.id, each]);
  names.value = { ...names.value, ...(Object.fromEntries(found) as Record<string, Named>) };
  if (!areas || lists.some((each) => !each)) setTimeout(() => void learn(intake), AGAIN_MS);
}

async function open<T>(url: string): Promise<T | null> {
  const answer = await fetch(url, { credentials: 'omit' }).catch(() => null);
  return answer?.ok ? ((await answer.json()) as T) : null;
}
