/** What is shown is old: since when, that it is asked for again, and a button to ask at once. */
import { useEffect, useRef } from 'preact/hooks';
import { moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Button, Note } from '@web/ui/kit';
import { refocus } from './router';

export function Stale({ at, onRetry }: { at: number; onRetry: () => void }) {
  const pressed = useRef(false);
  useEffect(() => () => {
    if (pressed.current) requestAnimationFrame(() => refocus()); // the answer took the button away
  }, []);
  const retry = (): void => {
    pressed.current = true;
    onRetry();
  };
  return (
    <div data-stale>
      <Note kind="warn" icon="cloud-off" role="status">
        <p>{t('track.asof', { at: moment(at) })} · {t('track.again')}</p>
        <Button icon="refresh" onClick={retry}>{t('retry')}</Button>
      </Note>
    </div>
  );
}
