/** Times as the city reads them: its own zone, whatever the reader's device says. */
import { language, t } from './i18n';

export const ZONE = 'Asia/Ho_Chi_Minh';
const kept = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const locale = language.value === 'en' ? 'en-GB' : 'vi-VN';
  const key = locale + JSON.stringify(options);
  let found = kept.get(key);
  if (!found) kept.set(key, (found = new Intl.DateTimeFormat(locale, { timeZone: ZONE, ...options })));
  return found;
}

const asDate = (when: string | number | Date): Date => (when instanceof Date ? when : new Date(when));

/** 14:03 */
export function time(when: string | number | Date): string {
  return format({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(asDate(when));
}

/** 24/11/2026 */
export function day(when: string | number | Date): string {
  return format({ day: '2-digit', month: '2-digit', year: 'numeric' }).format(asDate(when));
}

/** 24/11: by parts, since Vietnamese in Chromium joins them by a hyphen */
function dayMonth(at: Date): string {
  const parts = format({ day: '2-digit', month: '2-digit' }).formatToParts(at);
  const of = (type: string): string => parts.find((each) => each.type === type)?.value ?? '';
  return `${of('day')}/${of('month')}`;
}

/** thứ Ba 24/11 */
export function weekday(when: string | number | Date): string {
  const at = asDate(when);
  const name = format({ weekday: 'long' }).format(at);
  return `${language.value === 'vi' ? name.replace(/^[TC]/, (each) => each.toLowerCase()) : name} ${dayMonth(at)}`;
}

/** 14:03 today, else 14:03 24/11, with the year when it is another one */
export function moment(when: string | number | Date, now: number = Date.now()): string {
  const at = asDate(when);
  if (day(at) === day(now)) return time(at);
  const sameYear = day(at).slice(-4) === day(now).slice(-4);
  return `${time(at)} ${sameYear ? dayMonth(at) : day(at)}`;
}

/** 1 giờ 12 phút; whole minutes, rounded down, never negative */
export function duration(seconds: number): string {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (!hours) return t('duration.minutes', { n: minutes });
  return rest ? t('duration.both', { h: hours, m: rest }) : t('duration.hours', { n: hours });
}

/** 2 ngày, and below a day as `duration`: time as it passes, at night too; at least a minute. */
export function span(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  return days > 0 ? t('duration.days', { n: days }) : duration(Math.max(60, seconds));
}

/** The clock of a case as the API gives it. */
export interface Clock {
  as_of: string;
  running: boolean;
  left_s: number | null;
  next_opening?: string | null;
  due_at?: string | null;
}

/** Working seconds left now: counts down only while the clock runs. */
export function leftNow(clock: Clock, now: number = Date.now()): number | null {
  if (clock.left_s === null) return null;
  const passed = clock.running ? Math.max(0, (now - Date.parse(clock.as_of)) / 1000) : 0;
  return clock.left_s - passed;
}
