/** The ward of the place. Only official boundaries name it; a sketch may ask, and decides nothing. */
import { computed, signal } from '@preact/signals';
import { areaAt } from '@web/map/geo';
import { type Area, areas, ground } from '../catalogue';
import type { Place } from '../store';
import { change, draft } from './draft';

const refused = signal<string | null>(null); // the ward of the sketch to which somebody said no

const drawn = computed<Area | null>(() => {
  const { place } = draft.value;
  const found = place && ground.value ? areaAt(ground.value, place)?.id : null;
  return areas.value.find((each) => each.id === found) ?? null;
});

export const onSketch = computed(() => drawn.value !== null);

/** The ward to ask for: the sketch shows it, it is not the one that is said, nobody said no. */
export const asked = computed(() => {
  const shown = drawn.value;
  return shown && shown.id !== draft.value.area && shown.id !== refused.value ? shown : null;
});

/** Take a position; official boundaries fill the ward in. */
export function setPlace(place: Place): void {
  const found = ground.value?.boundaries === 'official' ? areaAt(ground.value, place) : null;
  const area = found?.id ?? draft.value.area;
  if (place !== draft.value.place || area !== draft.value.area) change({ place, area });
}

/** Say yes to what the sketch shows; nothing when it asks nothing. */
export function agree(): void {
  if (asked.value) change({ area: asked.value.id });
}

/** Say no: the sketch does not ask again until the pin is in another ward. */
export function disagree(): void {
  refused.value = drawn.value?.id ?? null;
}
