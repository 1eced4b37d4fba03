/** What the counter's API answers to somebody who waits. */
import type { Bilingual } from '@web/core/i18n';

export interface Desk {
  id: string;
  name: Bilingual;
  place: Bilingual | string | null;
  open_now: boolean;
  opens_at: string;
  closes_at: string;
  on: string;
  serving: { number: string; position: string | null }[];
  waiting: number;
  next: string[];
  estimate_s: number;
  last_event: number; // of its day
}

export interface Ticket {
  id: string;
  number: string;
  desk: string;
  on: string;
  state: string;
  ahead: number;
  estimate_s: number;
  called: string[];
  position: string | null;
  rating: number | null;
  can_rate: boolean;
}

export interface Held {
  id: string;
  token: string;
}
