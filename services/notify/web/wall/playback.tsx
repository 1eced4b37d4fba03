/** How somebody plays back a past hour without a keyboard, moves in it, and goes back to now. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Dialog, Field } from '@web/ui/kit';
import { replay } from './data';
import { type Replay, hourAt, hourBefore, localOf, queryOf } from './replay';

export const STEP_MS = 5 * 60_000;

interface ControlsProps {
  onStep: (ms: number) => void;
  onPause: () => void;
}

/** The same that the keys do. */
export function Controls({ onStep, onPause }: ControlsProps): JSX.Element {
  const past = replay.value;
  return past ? <Playing past={past} onStep={onStep} onPause={onPause} /> : <Ask />;
}

function Playing({ past, onStep, onPause }: ControlsProps & { past: Replay }): JSX.Element {
  return (
    <div class="controls" role="group" aria-label={t('wall.playback')}>
      <Button icon="player-track-prev" aria-label={t('wall.back_5')} onClick={() => onStep(-STEP_MS)} />
      <Button
        icon={past.paused ? 'player-play' : 'player-pause'}
        aria-label={t(past.paused ? 'wall.go_on' : 'wall.pause')}
        onClick={onPause}
      />
      <Button icon="player-track-next" aria-label={t('wall.on_5')} onClick={() => onStep(STEP_MS)} />
      <Button icon="x" data-playback="leave" onClick={() => (location.search = '')}>
        {t('wall.leave')}
      </Button>
    </div>
  );
}

function Ask(): JSX.Element {
  const [open, setOpen] = useState(false);
  return (
    <div class="controls">
      <Button icon="history" data-playback="ask" onClick={() => setOpen(true)}>
        {t('wall.playback')}
      </Button>
      {open && <When onClose={() => setOpen(false)} />}
    </div>
  );
}

function When({ onClose }: { onClose: () => void }): JSX.Element {
  const [from, setFrom] = useState(() => localOf(hourBefore(Date.now()).from));
  const [wrong, setWrong] = useState(false);
  const play = (event?: Event): void => {
    event?.preventDefault();
    const hour = hourAt(from, Date.now());
    setWrong(!hour);
    if (hour) location.search = queryOf(hour);
  };
  const foot = (
    <>
      <Button kind="quiet" onClick={onClose}>{t('cancel')}</Button>
      <Button kind="primary" icon="player-play" onClick={() => play()}>{t('wall.play')}</Button>
    </>
  );
  return (
    <Dialog open title={t('wall.playback')} onClose={onClose} foot={foot}>
      <form onSubmit={play} noValidate>
        <Field
          id="playback-from"
          label={t('wall.play_from')}
          hint={t('wall.play_hint')}
          error={wrong ? t('wall.play_past') : undefined}
        >
          {(given) => (
            <input
              {...given}
              type="datetime-local"
              value={from}
              onInput={(event) => setFrom(event.currentTarget.value)}
            />
          )}
        </Field>
      </form>
    </Dialog>
  );
}
