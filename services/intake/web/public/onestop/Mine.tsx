/** My number: how many are before me, the call, giving it back, the rating afterwards. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { call, get } from '@web/core/api';
import { duration, time } from '@web/core/dates';
import { both, has, t } from '@web/core/i18n';
import { turns } from '@web/core/turns';
import { Button, Dialog, Failed, Loading, Note, announce } from '@web/ui/kit';
import { Refused, useOnce } from '../once';
import { type Offer, Rate } from './Rate';
import type { Desk, Held, Ticket } from './model';

const POLL_MS = 8000;
const NOTICE = 3; // numbers ahead at which a person is told to come back to the hall
const BUZZ_MS = [300, 150, 300];

export function Mine({ held, desks, onGone }: { held: Held; desks: Desk[]; onGone: () => void }) {
  const [ticket, setTicket] = useState<Ticket | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [leaving, setLeaving] = useState(false);
  const [at, setAt] = useState(0);
  const [offer, setOffer] = useState<Offer | null>(null); // here, since a rated ticket is not rated again
  const giving = useOnce();
  const turn = useMemo(turns, [held.id]);
  const load = (): void => {
    const counts = turn();
    get<Ticket>(`onestop/tickets/${held.id}`, { token: held.token }).then(
      (found) => {
        if (!counts()) return;
        setTicket(found);
        setError(null);
        setAt(Date.now());
      },
      (failed) => counts() && setError(failed),
    );
  };
  useEffect(() => {
    load();
    const timer = setInterval(load, POLL_MS);
    addEventListener('online', load);
    return () => {
      clearInterval(timer);
      removeEventListener('online', load);
    };
  }, [held.id]);
  const soon = ticket?.state === 'waiting' && ticket.ahead <= NOTICE; // several may be called between two looks
  useEffect(() => {
    if (ticket?.state === 'serving') announce(t('ticket.called', { n: ticket.number, position: ticket.position ?? '–' }));
    if (ticket && (soon || ticket.state === 'serving')) navigator.vibrate?.(BUZZ_MS);
  }, [ticket?.state, soon]);
  if (!ticket) return error ? <><Failed error={error} onRetry={load} /><Button onClick={onGone}>{t('ticket.forget')}</Button></> : <Loading rows={1} />;
  const leave = async (): Promise<void> => {
    await call(`onestop/tickets/${held.id}`, { method: 'DELETE', token: held.token });
    onGone();
  };
  const ask = (asked: boolean) => (): void => {
    giving.forget();
    setLeaving(asked);
  };
  const desk = desks.find((each) => each.id === ticket.desk);
  const state = `ticket.state.${ticket.state}`;
  return (
    <div class="card stack mine-number">
      <p class="hint">{both(desk?.name)}</p>
      <p class="big num">{ticket.number}</p>
      {ticket.state === 'waiting' && <p role="status">{ticket.ahead ? t('ticket.ahead', { n: ticket.ahead, time: duration(ticket.estimate_s) }) : t('ticket.next')}</p>}
      {soon && <Note icon="walk" role="status">{t('ticket.soon')}</Note>}
      {ticket.state === 'waiting' && ticket.called.length > 0 && <p class="hint num">{t('ticket.calling', { n: ticket.called.join(', ') })}</p>}
      {ticket.state === 'serving' && <Note kind="good" icon="bell" role="alert">{t('ticket.called', { n: ticket.number, position: ticket.position ?? '–' })}</Note>}
      {ticket.state === 'skipped' && <Note kind="warn" icon="alert-triangle" role="alert">{t('ticket.passed')}</Note>}
      {!['waiting', 'serving', 'skipped'].includes(ticket.state) && <p>{has(state) ? t(`ticket.state.${ticket.state}`) : ticket.state}</p>}
      {ticket.can_rate && <Rate held={held} onDone={(made) => { setOffer(made); load(); }} />}
      {ticket.rating && <p role="status">{t('ticket.rated', { n: ticket.rating })}</p>}
      {offer && <Note icon="shield-lock"><p>{both(offer.text)}</p><a class="btn" href={offer.page}>{t('nav.report')}</a></Note>}
      {error === null
        ? <p class="hint num">{t('track.asof', { at: time(at) })}</p>
        : <Note kind="warn" icon="cloud-off" role="status">{t('track.asof', { at: time(at) })} · {t('track.again')}</Note>}
      <div class="row centre">
        <a class="btn" href={`/onestop/board/${ticket.desk}`}>{t('desk.board')}</a>
        {ticket.state === 'waiting' ? <Button kind="danger" onClick={ask(true)}>{t('ticket.leave')}</Button> : <Button onClick={onGone}>{t('ticket.forget')}</Button>}
      </div>
      <Dialog open={leaving} title={t('ticket.leave')} onClose={ask(false)} foot={<><Button onClick={ask(false)}>{t('cancel')}</Button><Button kind="danger" class="filled" busy={giving.busy} onClick={() => void giving.run(leave)}>{t('ticket.leave')}</Button></>}>
        <p>{t('ticket.leave.sure')}</p>
        <Refused error={giving.failed} />
      </Dialog>
    </div>
  );
}
