/** Take a number at a desk, and keep it until it was served. */
import { useEffect, useState } from 'preact/hooks';
import { call, get } from '@web/core/api';
import { duration, moment } from '@web/core/dates';
import { both, language, t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { Button, Empty, Failed, Loading, toast, wordsOf } from '@web/ui/kit';
import { keep, kept } from '../store';
import { Mine } from './Mine';
import type { Desk, Held, Ticket } from './model';
import { type Press, isAnswer, pressFor } from './press';

const POLL_MS = 16_000;

export function Number() {
  const [desks, setDesks] = useState<Desk[] | null>(null);
  const [held, setHeld] = useState<Held | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState('');
  const load = (): void => void get<{ items: Desk[] }>('onestop/desks').then((found) => { setDesks(found.items); setError(null); }, setError);
  useEffect(() => {
    void kept<Held>('ticket').then(setHeld);
    load();
    const timer = setInterval(() => document.visibilityState === 'visible' && load(), POLL_MS);
    return () => clearInterval(timer);
  }, []);
  const take = async ({ id, on }: Desk): Promise<void> => {
    setBusy(id);
    const waiting = await kept<Press>('press').catch(() => null);
    const press = pressFor(waiting, { desk: id, on, key: uuid(), language: language.value });
    try {
      await keep('press', press); // before it is sent, so that a reload knows it too
      const { data } = await call<Ticket & { ticket_token: string }>(`onestop/desks/${id}/tickets`, { body: { channel: 'online', language: press.language }, key: press.key });
      const fresh = { id: data.id, token: data.ticket_token };
      await keep('ticket', fresh);
      await keep('press', null);
      setHeld(fresh);
    } catch (failed) {
      if (isAnswer(failed)) await keep('press', null);
      toast(wordsOf(failed));
    } finally {
      setBusy('');
    }
  };
  const forget = async (): Promise<void> => {
    await keep('ticket', null);
    setHeld(null);
  };
  return (
    <section class="stack" aria-labelledby="number-title">
      <h2 id="number-title">{held ? t('ticket.yours') : t('ticket.take')}</h2>
      {held && <Mine held={held} desks={desks ?? []} onGone={() => void forget()} />}
      {error !== null && !desks && <Failed error={error} onRetry={load} />}
      {!desks && error === null && <Loading />}
      {desks && !desks.length && <Empty icon="ticket"><p>{t('desk.none')}</p></Empty>}
      {!held && <Desks desks={desks ?? []} busy={busy} onTake={(desk) => void take(desk)} />}
    </section>
  );
}

function Desks({ desks, busy, onTake }: { desks: readonly Desk[]; busy: string; onTake: (desk: Desk) => void }) {
  return (
    <ul class="plain desks">
      {desks.map((each) => (
        <li key={each.id} class="card stack small-gap">
          <h3>{both(each.name)}</h3>
          <p class="hint num" role="status">{each.waiting ? t('desk.waiting', { n: each.waiting, time: duration(each.estimate_s) }) : t('desk.nowait')} {!each.open_now && t('desk.closed', { at: moment(each.opens_at) })}</p>
          <div class="row pair">
            <Button kind="primary" icon="ticket" busy={busy === each.id} aria-label={`${t('ticket.take')}: ${both(each.name)}`} onClick={() => onTake(each)}>{t('ticket.take')}</Button>
            <a class="btn" href={`/onestop/board/${each.id}`}>{t('desk.board')}</a>
          </div>
        </li>
      ))}
    </ul>
  );
}
