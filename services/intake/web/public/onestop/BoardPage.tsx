/** The board of a desk, for a screen in the hall or a phone: what is called, who is next. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { duration, moment, time } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { Failed, Loading } from '@web/ui/kit';
import { arrive, path } from '../router';
import type { Desk } from './OnestopPage';

const POLL_MS = 5000;

export default function BoardPage() {
  const id = decodeURIComponent(path.value.split('/').pop() ?? '');
  const [desk, setDesk] = useState<Desk | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [at, setAt] = useState(0);
  const load = (): void => void get<Desk>(`onestop/desks/${encodeURIComponent(id)}`).then((found) => { setDesk(found); setError(null); setAt(Date.now()); }, setError);
  useEffect(() => {
    arrive(`${t('desk.board')} · ${t('app.name')}`);
    load();
    const timer = setInterval(load, POLL_MS);
    return () => clearInterval(timer);
  }, [id]);
  if (!desk) return <><h1 tabIndex={-1}>{t('desk.board')}</h1>{error ? <Failed error={error} onRetry={load} /> : <Loading />}</>;
  return (
    <div class="board stack">
      <h1 tabIndex={-1}>{both(desk.name)}</h1>
      <section aria-live="polite" aria-labelledby="calling-title" class="stack small-gap">
        <h2 id="calling-title">{t('board.calling')}</h2>
        {desk.serving.length ? desk.serving.map((each) => <p key={each.number} class="huge num">{each.number}{each.position && <small> {t('board.position', { n: each.position })}</small>}</p>) : <p class="hint">{desk.open_now ? t('board.nobody') : t('desk.closed', { at: moment(desk.opens_at) })}</p>}
      </section>
      <p class="num">{t('desk.waiting', { n: desk.waiting, time: duration(desk.estimate_s) })}</p>
      {desk.next.length > 0 && <p class="num next-numbers"><b>{t('board.next')}</b> {desk.next.join(' · ')}</p>}
      <p class="hint num" role="status">{t('track.asof', { at: time(at) })}{error !== null && ` · ${t('track.again')}`}</p>
      <p><a href="/onestop">{t('onestop.title')}</a></p>
    </div>
  );
}
