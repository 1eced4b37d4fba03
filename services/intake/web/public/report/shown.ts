/** Whose receipt the first page shows; the strip of every page asks for it as well. */
import { signal } from '@preact/signals';

export const sent = signal<string | null>(null); // id of its draft
