/** The band on top: what this is, what time it is, and how far the screen is to be believed. */
import { computed, signal } from '@preact/signals';
import type { JSX } from 'preact';
import { day, duration, moment, time, weekday } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Icon, LanguageButton } from '@web/ui/kit';
import { replay, stream, summary, unanswered } from './data';
import { type Freshness, freshness } from './model';
import { Controls } from './playback';
import type { Replay } from './replay';

const LOST_MS = 10_000; // a stream that is back sooner is not worth a word

export const now = signal(Date.now());
export const known = signal(Date.now()); // when what is shown was last known to be true
export const shownAt = (): number => replay.value?.at ?? now.value;

/** How far the screen is to be believed; a past hour does not grow old. */
export const fresh = computed<Freshness>(() => (replay.value ? 'live' : freshness(known.value, now.value)));

let streamed = Date.now();
const lost = signal(false); // nobody tells the wall what happens: it asks

/** Bring the clock on; called every second. */
export function tick(at: number, knownAt: number): void {
  now.value = at;
  known.value = knownAt;
  if (stream.value === 'live') streamed = at;
  lost.value = at - streamed > LOST_MS;
}

interface HeadProps {
  onStep: (ms: number) => void;
  onPause: () => void;
}

export function Head({ onStep, onPause }: HeadProps): JSX.Element {
  return (
    <header class="head">
      <div class="title">
        <h1>{t('wall.title')}</h1>
        <Controls onStep={onStep} onPause={onPause} />
        <LanguageButton />
      </div>
      <Clock />
      <p class={`fresh ${fresh.value}`} role="status" data-fresh={fresh.value} data-channel={lost.value ? 'lost' : 'kept'}>{freshWords(fresh.value)}</p>
      {replay.value && <Scrubber />}
    </header>
  );
}

function Clock(): JSX.Element {
  const past = replay.value;
  if (past) return <span class="num clock">{`${day(past.at)} ${time(past.at)}`}</span>;
  const seconds = String(new Date(now.value).getSeconds()).padStart(2, '0');
  return <span class="when"><span class="date">{weekday(now.value)}</span><span class="num clock">{`${time(now.value)}:${seconds}`}</span></span>;
}

/** How far a replay has come in its hour. */
function Scrubber(): JSX.Element {
  const { from, at, until } = replay.value!;
  const share = until > from ? Math.min(1, (at - from) / (until - from)) : 1;
  return (
    <svg class="scrubber" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" width="100" height="1" />
      <rect class="done" width={share * 100} height="1" />
    </svg>
  );
}

function freshWords(given: Freshness): JSX.Element {
  if (replay.value) return replayWords(replay.value);
  if (given === 'dead') return <><Icon name="alert-triangle" />{t('wall.dead', { time: moment(known.value, now.value) })}</>;
  if (given === 'stale') return <><Icon name="cloud-off" />{t('wall.stale', { age: duration(Math.max(60, (now.value - known.value) / 1000)) })}</>;
  if (!summary.value) return <><span class="dot waits" />{t('wall.connecting')}</>;
  if (lost.value) return <><Icon name="refresh" />{t('wall.polling')}</>;
  return <><span class="dot" />{t(given === 'live' ? 'wall.live' : 'wall.quiet')}</>;
}

function replayWords({ from, until, paused, speed }: Replay): JSX.Element {
  if (unanswered.value) return <><Icon name="cloud-off" />{t('wall.unanswered')}</>;
  const words = { from: time(from), to: time(until), speed };
  return <><Icon name={paused ? 'player-pause' : 'history'} />{t(paused ? 'wall.replay_paused' : 'wall.replay', words)}</>;
}
