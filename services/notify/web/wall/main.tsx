/** The operations centre's wall: read from five metres, without a mouse. */
import { effect } from '@preact/signals';
import { render } from 'preact';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { readConfig } from '@web/core/config';
import { startTexts, t } from '@web/core/i18n';
import { Access, locked } from './access';
import { askThen, knownAt, replay, run, summary } from './data';
import { Ground, mapAt } from './ground';
import { Head, fresh, shownAt, tick } from './head';
import { learn } from './names';
import { Categories, Foot, Numbers, Overdue, Units, turns } from './panels';
import { STEP_MS } from './playback';
import { renewed } from './renew';
import { type Replay, advanced, hourBefore, queryOf, replayIn, stepped } from './replay';
import { TURN_MS } from './turning';

const TICK_MS = 1000;
const WRITE_MS = 5000; // browsers stop a page that writes its address all the time
const SHIFT_EVERY_MS = 10 * 60_000; // against burn-in: the picture moves by two pixels

function Wall(): JSX.Element {
  useEffect(() => run(), []);
  return (
    <main id="main" class={`wall ${fresh.value}${replay.value ? ' replay' : ''}`} data-freshness={fresh.value} tabIndex={-1}>
      <Head onStep={move} onPause={pause} />
      <Numbers />
      <div class="middle">
        <section class="panel map" aria-label={t('wall.map_title')}><Ground /></section>
        <div class="right">
          <Overdue />
          <div class="halves">
            <Units />
            <Categories />
          </div>
        </div>
      </div>
      <Foot />
    </main>
  );
}

const HOUR_MS = 60 * 60_000;
const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -STEP_MS, ArrowRight: STEP_MS, PageUp: -HOUR_MS, PageDown: HOUR_MS,
};

/** `p` plays back the last hour; then space pauses, arrows move by five minutes, pages by an hour,
    and Escape goes back to now. */
function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || locked.value) return;
  const on = event.target instanceof Element ? event.target : null;
  // what is typed into the dialog, and the space that presses a button, are theirs
  if (on?.closest('dialog, input') || (event.key === ' ' && on?.closest('button'))) return;
  const at = replay.value;
  if (!at) {
    if (event.key === 'p') location.search = queryOf(hourBefore(Date.now()));
    return;
  }
  const step = STEPS[event.key];
  if (step) move(step);
  else if (event.key === ' ') pause();
  else if (event.key === 'Escape') location.search = '';
  else return;
  event.preventDefault();
}

let written = 0;

/** A reload, and a link that is handed on, go on from here. */
function keepInAddress(now: Replay): void {
  written = Date.now();
  history.replaceState(null, '', queryOf(now));
}

function showThen(next: Replay): void {
  replay.value = next;
  keepInAddress(next);
  mapAt(next.at);
  askThen();
}

const move = (ms: number): void => showThen(stepped(replay.value!, ms, Date.now()));
const pause = (): void => showThen({ ...replay.value!, paused: !replay.value!.paused });

function live(): void {
  let last = Date.now();
  setInterval(() => {
    const passed = Date.now() - last;
    last = Date.now();
    tick(last, knownAt());
    if (replay.value && !replay.value.paused) {
      replay.value = advanced(replay.value, passed);
      askThen();
      if (last - written >= WRITE_MS || replay.value.paused) keepInAddress(replay.value);
    }
    mapAt(shownAt());
    if (!replay.value) renewed(last);
  }, TICK_MS);
  // a past hour holds still: somebody is looking at it
  setInterval(() => replay.value || (turns.value += 1), TURN_MS);
  setInterval(() => document.body.classList.toggle('shifted'), SHIFT_EVERY_MS);
  addEventListener('keydown', onKey);
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
