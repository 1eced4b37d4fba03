/** The figures, lists and bars of the wall; each is drawn again only when what it shows changes. */
import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { duration, moment, time } from '@web/core/dates';
import { has, t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { cases, feed, incidents, onestop, replay, shares, summary } from './data';
import { drawnAt } from './ground';
import { type Figures, type Heard, byShare, lateByUnit } from './model';
import { nameOf, shortOf } from './names';
import { leafOf } from './turning';

export function Numbers(): JSX.Element {
  const figures = summary.value;
  const share = shares.value?.on_time_share;
  const cells: [string, string, string, string?][] = [
    ['open', 'list', String(figures?.open ?? '–')],
    ['overdue', 'alert-triangle', String(figures?.overdue ?? '–'), figures?.overdue ? 'late' : ''],
    ['hour', 'clock-exclamation', String(figures?.due_within_hour ?? '–'), figures?.due_within_hour ? 'soon' : ''],
    ['share', 'circle-check', share === null || share === undefined ? '–' : percent(share)],
    ['direction', 'gavel', String(figures?.by_state['awaiting_direction'] ?? (figures ? 0 : '–'))],
  ];
  return (
    <section class="numbers" aria-label={t('wall.numbers')}>
      {cells.map(([key, icon, value, tone]) => (
        <div class={`number ${tone ?? ''}`} key={key} data-figure={key}><b class="num">{value}</b><span><Icon name={icon} />{t(`wall.n.${key}`)}</span></div>
      ))}
    </section>
  );
}

const ROWS = 3;
const late = computed(() => lateByUnit(cases.value.values(), drawnAt.value, ROWS));

export function Overdue(): JSX.Element {
  const rows = late.value;
  return (
    <section class="panel" aria-labelledby="overdue">
      <h2 id="overdue"><Icon name="alert-triangle" />{t('wall.overdue')}</h2>
      {rows.length === 0 && summary.value && <p class="calm"><Icon name="circle-check" />{t('wall.none_overdue')}</p>}
      <ol class="plain late">
        {rows.map((each) => (
          <li key={each.unit}>
            <b class="what">{each.unit ? nameOf(each.unit) : t('wall.no_unit')}</b>
            <b class="num many">{t('wall.cases', { n: each.many })}</b>
            <b class="num">{t('wall.since', { time: moment(each.since, drawnAt.value) })}</b>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function Units(): JSX.Element {
  return <Bars panel="unit" title={t('wall.units')} rows={byShare(shares.value?.by_unit ?? [])} name={(row) => (row.unit ? nameOf(row.unit) : t('wall.no_unit'))} />;
}

export function Categories(): JSX.Element {
  return <Bars panel="category" title={t('wall.categories')} rows={byShare(shares.value?.by_category ?? [])} name={(row) => (row.category ? nameOf(row.category) : t('wall.no_category'))} />;
}

interface BarsProps<T> {
  panel: string;
  title: string;
  rows: readonly T[];
  name: (row: T) => string;
}

const GOOD = 0.8; // of the cases on time
const NARROW = matchMedia('(max-width: 900px)');

/** How often the lists have been turned over. */
export const turns = signal(0);

function Bars<T extends Figures>({ panel, title, rows, name }: BarsProps<T>): JSX.Element {
  // a telephone scrolls: it has them all
  const leaf = leafOf(rows, NARROW.matches ? rows.length || 1 : ROWS, replay.value ? 0 : turns.value);
  return (
    <section class="panel" data-panel={panel}>
      <h2>
        {title}
        {leaf.pages > 1 && <span class="num leaf" data-leaf={leaf.page}>{leaf.page}/{leaf.pages}</span>}
      </h2>
      {rows.length === 0 && shares.value && <p class="calm">{t('wall.no_cases')}</p>}
      <ol class="plain bars" key={leaf.page}>
        {leaf.rows.map((row) => (
          <li key={name(row)}>
            <span class="label">{name(row)}</span>
            <Bar share={row.on_time_share} />
            <b class={`num ${isBad(row.on_time_share) ? 'bad' : ''}`}>{row.on_time_share === null ? '–' : percent(row.on_time_share)}</b>
          </li>
        ))}
      </ol>
    </section>
  );
}

const isBad = (share: number | null): boolean => share !== null && share < GOOD;
const percent = (share: number): string => `${Math.round(share * 100)}\u00a0%`;

function Bar({ share }: { share: number | null }): JSX.Element {
  return (
    <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="10" />
      <rect class={isBad(share) ? 'bad' : 'good'} width={(share ?? 0) * 100} height="10" />
    </svg>
  );
}

export function Foot(): JSX.Element {
  const queue = onestop.value;
  const figures = summary.value;
  return (
    <footer class="foot">
      <Feed />
      <Small
        panel="onestop"
        icon="ticket"
        label={t('wall.onestop')}
        value={queue ? t('wall.queue', { n: queue.waiting }) : '–'}
        more={queue?.average_wait_s ? t('wall.wait', { wait: duration(queue.average_wait_s) }) : ''}
      />
      <Small
        panel="directives"
        icon="speakerphone"
        label={t('wall.directives')}
        value={figures ? t('wall.directives_open', { n: figures.directives_open }) : '–'}
        more={figures ? t('wall.directives_overdue', { n: figures.directives_overdue }) : ''}
        tone={figures?.directives_overdue ? 'late' : ''}
      />
      <Incidents />
    </footer>
  );
}

function Feed(): JSX.Element {
  const events = feed.value;
  return (
    <section class="panel feed" aria-label={t('wall.feed')}>
      <ol class="plain">{events.map((each) => <li key={each.id}><span class="num">{time(each.time)}</span> {eventWords(each)}</li>)}</ol>
      {events.length === 0 && <p class="calm">{t(replay.value ? 'wall.feed_replay' : 'wall.feed_empty')}</p>}
    </section>
  );
}

interface SmallProps {
  panel: string;
  icon: string;
  label: string;
  value: string;
  more: string;
  tone?: string;
}

function Small({ panel, icon, label, value, more, tone = '' }: SmallProps): JSX.Element {
  return (
    <section class={`panel small ${tone}`} data-panel={panel}>
      <span><Icon name={icon} />{label}</span>
      <b class="num">{value}</b>
      {more && <span class="more num">{more}</span>}
    </section>
  );
}

/** What goes on and where, the largest first: "28 · P.1 · Môi trường". */
function Incidents(): JSX.Element {
  const found = incidents.value;
  const largest = [...(found ?? [])].sort((a, b) => b.count - a.count).slice(0, INCIDENTS);
  return (
    <section class={`panel small ${largest.length ? 'late' : ''}`}>
      <span><Icon name="flag" />{t('wall.incidents')}{largest.length > 0 && <b class="num"> {found!.length}</b>}</span>
      {largest.map((each) => <span class="more num" key={each.id}>{each.count} · {shortOf(each.area)} · {nameOf(each.category)}</span>)}
      {largest.length === 0 && <b>{found ? t('wall.no_incidents') : '–'}</b>}
    </section>
  );
}

const INCIDENTS = 2;

/** One line without personal data: what happened, at which unit, of which category. */
function eventWords(event: Heard): string {
  const key = `event.${event.type.replace(/\.v\d+$/, '')}`;
  const snapshot = event.data.case ?? event.data;
  const unit = snapshot['unit'] ? shortOf(String(snapshot['unit'])) : '';
  const category = snapshot['category'] ? nameOf(String(snapshot['category'])) : '';
  return [has(key) ? t(key) : t('event.other'), unit, category].filter(Boolean).join(' · ');
}
