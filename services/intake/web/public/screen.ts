/** Whether there is room for two columns; the breakpoint is the one of public.css. */
import { signal } from '@preact/signals';

const query = typeof matchMedia === 'undefined' ? null : matchMedia('(min-width: 960px)');
export const wide = signal(query?.matches ?? false);
query?.addEventListener('change', (event) => (wide.value = event.matches));
