/** The operations centre's wall: read from five metres, without a mouse. */
import { effect, signal } from '@preact/signals';
import { render } from 'preact';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { readConfig } from '@web/core/config';
import { day, duration, moment, time } from '@web/core/dates';
import { both, has, startTexts, t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { Access, locked } from './access';
import { type Incident, ask, cases, feed, ground, heard, incidents, learn, names, onestop, replay, run, summary } from './data';
import { Ground } from './ground';
import { type Figures, type Freshness, type Heard, advanced, byShare, freshness, replayIn, worst } from './model';

const TICK_MS = 1000;
const SHIFT_EVERY_MS = 10 * 60_000; // against burn-in: the picture moves by two pixels
const RELOAD_HOUR = 4;

const now = signal(Date.now());
const nameOf = (id: string | null): string => (id && names.value[id] ? both(names.value[id]!.name) : (id ?? '—'));
const shownAt = (): number => replay.value?.at ?? now.value;

function Wall(): JSX.Element {
  useEffect(() => run(), []);
  const fresh: Freshness = replay.value ? 'live' : freshness(heard.value || now.value, now.value);
  return (
    <main id="main" class={`wall ${fresh}${replay.value ? ' replay' : ''}`} data-freshness={fresh} tabIndex={-1}>
      <Head fresh={fresh} />
      <Numbers />
      <div class="middle">
        <section class="panel map" aria-label={t('wall.map_title')}><Ground areas={ground.value} cases={[...cases.value.values()]} at={shownAt()} /></section>
        <div class="right">
          <Overdue />
          <div class="halves">
            <Bars title={t('wall.units')} rows={byShare(summary.value?.by_unit ?? [], 4)} name={(row) => nameOf(row.unit)} />
            <Bars title={t('wall.categories')} rows={byShare(summary.value?.by_category ?? [], 4)} name={(row) => nameOf(row.category)} />
          </div>
        </div>
      </div>
      <Foot />
    </main>
  );
}

function Head({ fresh }: { fresh: Freshness }): JSX.Element {
  return (
    <header class="head">
      <h1>{t('wall.title')}</h1>
      <span class="num clock">{replay.value ? `${day(replay.value.at)} ${time(replay.value.at)}` : new Date(now.value).toLocaleTimeString('vi-VN', { timeZone: 'Asia/Ho_Chi_Minh', hour12: false })}</span>
      <p class={`fresh ${fresh}`} role="status" data-fresh={fresh}>{freshWords(fresh)}</p>
    </header>
  );
}

function freshWords(fresh: Freshness): JSX.Element {
  if (replay.value) {
    const { at, until, paused, speed } = replay.value;
    return <><Icon name={paused ? 'player-pause' : 'history'} />{t('wall.replay', { from: time(at), to: time(until), speed })}</>;
  }
  const age = duration(Math.max(60, (now.value - heard.value) / 1000));
  if (fresh === 'dead') return <><Icon name="alert-triangle" />{t('wall.dead', { time: time(heard.value || now.value) })}</>;
  if (fresh === 'stale') return <><Icon name="cloud-off" />{t('wall.stale', { age })}</>;
  return <><span class="dot" />{t(fresh === 'live' ? 'wall.live' : 'wall.quiet')}</>;
}

function Numbers(): JSX.Element {
  const figures = summary.value;
  const share = figures?.on_time_share;
  const cells: [string, string, string, string?][] = [
    ['open', 'list', String(figures?.open ?? '–')],
    ['overdue', 'alert-triangle', String(figures?.overdue ?? '–'), figures?.overdue ? 'late' : ''],
    ['hour', 'clock-exclamation', String(figures?.due_within_hour ?? '–'), figures?.due_within_hour ? 'soon' : ''],
    ['share', 'circle-check', share === null || share === undefined ? '–' : `${Math.round(share * 100)} %`],
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

function Overdue(): JSX.Element {
  const rows = worst([...cases.value.values()], shownAt(), 4);
  return (
    <section class="panel" aria-labelledby="overdue">
      <h2 id="overdue"><Icon name="alert-triangle" />{t('wall.overdue')}</h2>
      {rows.length === 0 && <p class="calm"><Icon name="circle-check" />{t('wall.none_overdue')}</p>}
      <ol class="plain late">
        {rows.map((each) => (
          <li key={each.code}><span class="unit">{nameOf(each.unit)}</span><span class="cat">{nameOf(each.category)}</span><b class="num">{t('wall.since', { time: moment(each.due_at, shownAt()) })}</b></li>
        ))}
      </ol>
    </section>
  );
}

function Bars<T extends Figures>({ title, rows, name }: { title: string; rows: readonly T[]; name: (row: T) => string }): JSX.Element {
  return (
    <section class="panel">
      <h2>{title}</h2>
      <ol class="plain bars">
        {rows.map((row) => (
          <li key={name(row)}>
            <span class="label">{name(row)}</span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10" /><rect class={(row.on_time_share ?? 1) < 0.8 ? 'bad' : 'good'} width={(row.on_time_share ?? 0) * 100} height="10" /></svg>
            <b class="num">{row.on_time_share === null ? t('wall.few') : `${Math.round(row.on_time_share * 100)} %`}</b>
          </li>
        ))}
      </ol>
    </section>
  );
}

function Foot(): JSX.Element {
  const queue = onestop.value;
  return (
    <footer class="foot">
      <section class="panel feed" aria-label={t('wall.feed')}>
        <ol class="plain">{feed.value.map((each) => <li key={each.id}><span class="num">{time(each.time)}</span> {eventWords(each)}</li>)}</ol>
        {feed.value.length === 0 && <p class="calm">{t(replay.value ? 'wall.feed_replay' : 'wall.feed_empty')}</p>}
      </section>
      <Small icon="ticket" label={t('wall.onestop')} value={queue ? t('wall.queue', { n: queue.waiting, wait: queue.average_wait_s === null ? '–' : duration(queue.average_wait_s) }) : '–'} />
      <Small icon="speakerphone" label={t('wall.directives')} value={summary.value ? t('wall.directives_of', { open: summary.value.directives_open, overdue: summary.value.directives_overdue }) : '–'} tone={summary.value?.directives_overdue ? 'late' : ''} />
      <Small icon="flag" label={t('wall.incidents')} value={incidentWords(incidents.value)} tone={incidents.value?.length ? 'late' : ''} />
    </footer>
  );
}

function Small({ icon, label, value, tone = '' }: { icon: string; label: string; value: string; tone?: string }): JSX.Element {
  return <section class={`panel small ${tone}`}><span><Icon name={icon} />{label}</span><b class="num">{value}</b></section>;
}

/** How many go on, and of which categories, each named once. */
function incidentWords(found: readonly Incident[] | null): string {
  if (!found) return '–';
  if (found.length === 0) return t('wall.no_incidents');
  const what = [...new Set(found.map((each) => nameOf(each.category)))].join(', ');
  return t('wall.incidents_of', { n: found.length, what });
}

/** One line without personal data: what happened, of which category, at which unit. */
function eventWords(event: Heard): string {
  const key = `event.${event.type.replace(/\.v\d+$/, '')}`;
  const snapshot = event.data.case ?? event.data;
  const about = [snapshot['category'], snapshot['unit']].filter(Boolean).map((each) => nameOf(String(each))).join(' · ');
  return `${has(key) ? t(key) : t('event.other')}${about ? ` · ${about}` : ''}`;
}

/** Keys of a replay: space pauses, arrows move by five minutes, Escape goes back to now. */
function onKey(event: KeyboardEvent): void {
  const at = replay.value;
  if (!at) return;
  const step = { ArrowLeft: -300_000, ArrowRight: 300_000 }[event.key] ?? 0;
  if (step) replay.value = { ...at, at: Math.min(at.until, at.at + step) };
  else if (event.key === ' ') replay.value = { ...at, paused: !at.paused };
  else if (event.key === 'Escape') location.search = '';
  else return;
  event.preventDefault();
  void ask();
}

function live(): void {
  let last = Date.now();
  setInterval(() => {
    const passed = Date.now() - last;
    last = Date.now();
    now.value = last;
    if (replay.value && !replay.value.paused) {
      replay.value = advanced(replay.value, passed);
      void ask();
    }
    atNight(passed);
  }, TICK_MS);
  setInterval(() => document.body.classList.toggle('shifted'), SHIFT_EVERY_MS);
  addEventListener('keydown', onKey);
}

/** A wall runs for months: it loads itself anew at four in the morning. */
function atNight(passed: number): void {
  const city = new Date(now.value + 7 * 3_600_000);
  const since = ((city.getUTCHours() - RELOAD_HOUR) * 3600 + city.getUTCMinutes() * 60 + city.getUTCSeconds()) * 1000;
  if (!replay.value && since >= 0 && since < passed) location.reload();
}

function Root(): JSX.Element {
  return locked.value ? <Access /> : <Wall />;
}

void startTexts({ vi: () => import('texts:wall/vi'), en: () => import('texts:wall/en') }).then(() => {
  replay.value = replayIn(location.search, Date.now());
  void learn(readConfig().intake);
  live();
  effect(() => {
    document.title = `${t('wall.title')}${summary.value ? ` · ${summary.value.overdue} ▲` : ''}`;
  });
  render(<Root />, document.getElementById('app')!);
});
