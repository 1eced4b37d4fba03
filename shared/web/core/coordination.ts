/** What is agreed when units work together: who helps, and until when. Pure. */
import { moment, time, weekday } from './dates';
import { t } from './i18n';

type NameOf = (unit: string) => string;

/** A step of a coordination; other steps have neither units nor a date. */
export interface Agreed {
  units?: readonly string[];
  expected_at?: string;
  previous?: unknown; // of a date that moved: the one before; other steps call something else so
}

/** Lines for a step of the history: the units it names, and the date, beside the one that it replaces. */
export function agreed({ units, expected_at: at, previous }: Agreed, nameOf: NameOf, now?: number): string[] {
  const lines: string[] = [];
  if (units?.length) lines.push(t('step.units', { units: units.map(nameOf).join(', ') }));
  if (at && typeof previous === 'string') lines.push(t('step.moved', { at: moment(at, now), before: moment(previous, now) }));
  else if (at) lines.push(t('step.expected', { at: moment(at, now) }));
  return lines;
}

/** Both dates of a coordinated case and who works on it; null where nothing is approved. */
export function bothDates(view: { coordinating_units: readonly string[]; expected_at: string | null; due_at: string }, nameOf: NameOf): string | null {
  if (!view.expected_at) return null;
  const on = (at: string): string => `${time(at)} ${weekday(at)}`;
  return t('promise.coordinated', { units: view.coordinating_units.map(nameOf).join(', '), expected: on(view.expected_at), due: on(view.due_at) });
}
