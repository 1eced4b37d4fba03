/** Take a number at a desk, and keep it until it was served. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { call, get } from '@web/core/api';
import { duration, moment } from '@web/core/dates';
import { both, language, t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { turns } from '@web/core/turns';
import { Button, Empty, Failed, Loading } from '@web/ui/kit';
import { type Once, Refused, useOnce } from '../once';
import { useFragment } from '../router';
import { Stale } from '../stale';
import { keep, kept } from '../store';
import { Mine } from './Mine';
import type { Desk, Held, Ticket } from './model';
import { type Press, isAnswer, pressFor } from './press';

const POLL_MS = 16_000;

export function Number() {
  const [desks, setDesks] = useState<Desk[] | null>(null);
  const [held, setHeld] = useState<Held | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [at, setAt] = useState(0);
  const [pressed, setPressed] = useState(''); // the desk
  const taking = useOnce();
  const turn = useMemo(turns, []);
  const load = (): void => {
    const counts = turn();
    get<{ items: Desk[] }>('onestop/desks').then(
      (found) => {
        if (!counts()) return;
        setDesks(found.items);
        setError(null);
        setAt(Date.now());
      },
      (failed) => counts() && setError(failed),
    );
  };
  useEffect(() => {
    void kept<Held>('ticket').then((own) => setHeld((shown) => shown ?? own)); // a link goes first
    load();
    const timer = setInterval(() => document.visibilityState === 'visible' && load(), POLL_MS);
    return () => clearInterval(timer);
  }, []);
  const adopt = async (linked: Held): Promise<void> => {
    setHeld(linked);
    if (!(await kept<Held>('ticket'))) await keep('ticket', linked); // one that was taken here stays
  };
  useFragment((words) => {
    // the link of a reminder, as that of a letter in Dossier: number and secret leave the address at once
    const link = new URLSearchParams(words);
    const [id, token] = [link.get('n'), link.get('t')];
    if (!id || !token) return;
    history.replaceState(null, '', location.pathname);
    setHeld({ id, token });
    void adopt({ id, token });
  });
  const old = !held && desks !== null && error !== null; // who holds a number reads of its own age
  const take = async ({ id, on }: Desk): Promise<void> => {
    setPressed(id);
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
      throw failed;
    }
  };
  const forget = async (): Promise<void> => {
    const own = await kept<Held>('ticket');
    const other = own?.id === held?.id ? null : own; // taken here, while a link's was shown
    if (!other) await keep('ticket', null);
    setHeld(other);
  };
  return (
    <section class="stack" aria-labelledby="number-title">
      <h2 id="number-title">{held ? t('ticket.yours') : t('ticket.take')}</h2>
      {held && <Mine key={held.id} held={held} desks={desks ?? []} onGone={() => void forget()} />}
      {error !== null && !desks && <Failed error={error} onRetry={load} />}
      {old && <Stale at={at} onRetry={load} />}
      {!desks && error === null && <Loading />}
      {desks && !desks.length && <Empty icon="ticket"><p>{t('desk.none')}</p></Empty>}
      {!held && <Desks desks={desks ?? []} taking={taking} pressed={pressed} onTake={(desk) => void taking.run(() => take(desk))} />}
    </section>
  );
}

/** While one desk gives a number out, no other does: a second number would take the first one's place. */
function Desks({ desks, taking, pressed, onTake }: { desks: readonly Desk[]; taking: Once; pressed: string; onTake: (desk: Desk) => void }) {
  return (
    <ul class="plain desks">
      {desks.map((each) => (
        <li key={each.id} class="card stack small-gap">
          <h3>{both(each.name)}</h3>
          <p class="hint num">{each.waiting ? t('desk.waiting', { n: each.waiting, time: duration(each.estimate_s) }) : t('desk.nowait')} {!each.open_now && t('desk.closed', { at: moment(each.opens_at) })}</p>
          <div class="row pair">
            <Button kind="primary" icon="ticket" busy={taking.busy} aria-label={`${t('ticket.take')}: ${both(each.name)}`} onClick={() => onTake(each)}>{t('ticket.take')}</Button>
            <a class="btn" href={`/onestop/board/${each.id}`}>{t('desk.board')}</a>
          </div>
          {pressed === each.id && <Refused error={taking.failed} />}
        </li>
      ))}
    </ul>
  );
}
