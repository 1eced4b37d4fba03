/** The board of a desk, for a screen in the hall or a phone: what is called, who is next. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { readConfig } from '@web/core/config';
import { duration, moment, time } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { type StreamState, follow } from '@web/core/sse';
import { Failed, Loading } from '@web/ui/kit';
import { path, useArrival, useRefocus } from '../router';
import type { Desk } from './model';

const POLL_MS = 5000; // while the stream is away
const LIVE_POLL_MS = 60_000; // while it tells every change: openings and estimates move by themselves
const BURST_MS = 300; // a burst of changes is one question

interface Watched {
  desk: Desk | null;
  error: unknown;
  at: number; // ms; when it was asked last
  stream: StreamState | 'polling';
  load: () => void;
}

/** A desk as it stands: asked again with every change that the stream tells, else every 5 s. */
function useDesk(id: string): Watched {
  const [desk, setDesk] = useState<Desk | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [at, setAt] = useState(0);
  const [stream, setStream] = useState<Watched['stream']>('polling');
  const load = (): void => void get<Desk>(`onestop/desks/${encodeURIComponent(id)}`).then((found) => { setDesk((old) => newer(old, found)); setError(null); setAt(Date.now()); }, setError);
  useEffect(() => {
    load();
    const timer = setInterval(load, stream === 'live' ? LIVE_POLL_MS : POLL_MS);
    return () => clearInterval(timer);
  }, [id, stream === 'live']);
  useEffect(() => {
    const { notify } = readConfig();
    if (!notify) return;
    let soon: ReturnType<typeof setTimeout> | undefined;
    const changed = (): void => {
      soon ??= setTimeout(() => { soon = undefined; load(); }, BURST_MS);
    };
    const stop = follow({ url: `${notify}/api/v1/onestop/stream?desk=${encodeURIComponent(id)}`, rests: true, onEvent: (event) => event.event === 'board' && changed(), onState: setStream });
    return () => {
      stop();
      clearTimeout(soon);
    };
  }, [id]);
  return { desk, error, at, stream, load };
}

/** Two answers may overtake each other: of one day, the one that knows more events stays. */
const newer = (old: Desk | null, found: Desk): Desk => (old?.id === found.id && old.on === found.on && old.last_event > found.last_event ? old : found);

export default function BoardPage() {
  const id = decodeURIComponent(path.value.split('/').pop() ?? '');
  const { desk, error, at, stream, load } = useDesk(id);
  useArrival(`${t('desk.board')} · ${t('app.name')}`, id);
  useRefocus(Boolean(desk));
  if (!desk) return <><h1 tabIndex={-1}>{t('desk.board')}</h1>{error ? <Failed error={error} onRetry={load} /> : <Loading />}</>;
  return (
    <div class="board stack">
      <h1 tabIndex={-1}>{both(desk.name)}</h1>
      <section aria-live="polite" aria-labelledby="calling-title" class="stack small-gap">
        <h2 id="calling-title">{t('board.calling')}</h2>
        {desk.serving.length ? desk.serving.map((each) => <p key={each.number} class="huge num">{each.number}{each.position && <small> {t('board.position', { n: each.position })}</small>}</p>) : <p class="hint">{desk.open_now ? t('board.nobody') : t('desk.closed', { at: moment(desk.opens_at) })}</p>}
      </section>
      <p class="num">{desk.waiting ? t('desk.waiting', { n: desk.waiting, time: duration(desk.estimate_s) }) : t('desk.nowait')}</p>
      {desk.next.length > 0 && <p class="num next-numbers"><b>{t('board.next')}</b> {desk.next.join(' · ')}</p>}
      <p class="hint num">{stream === 'live' ? t('track.live') : t('track.asof', { at: time(at) })}{error !== null && ` · ${t('track.again')}`}</p>
      <p><a href="/onestop">{t('onestop.title')}</a></p>
    </div>
  );
}
