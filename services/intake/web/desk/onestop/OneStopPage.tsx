/** The clerk's page: whom to call next, who is at the window, which dossiers are due. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { day, duration, moment, time } from '@web/core/dates';
import { type Bilingual, both, t } from '@web/core/i18n';
import { Button, Dialog, Empty, Failed, Field, Loading, Note, wordsOf } from '@web/ui/kit';
import { Due } from './Due';
import { Choice } from '../rows';
import { now } from '../live';
import { useLoaded } from '../loading';
import { Heading, Stale } from '../parts';
import { SLIP_MS, usePress, useWishes } from '../pressing';
import { authed, me } from '../session';

interface DeskState {
  id: string;
  prefix: string;
  name: Bilingual;
  open_now: boolean;
  opens_at: string;
  waiting: number;
  early: boolean; // who is next has a number for a later day, and is at home in the evening before
  on: string;
  next: string[];
  average_wait_s: number | null;
  estimate_s: number;
}

interface Ticket {
  id: string;
  number: string;
  state: string;
  taken_at: string;
  called_at: string | null;
  waited_s: number | null;
  calls: number;
  clerk: string | null;
  position: string | null;
  score: number | null;
}

const DESK = 'desk.onestop.desk';
const POSITION = 'desk.onestop.position';
const EVERY_MS = 4000;

export function OneStopDesk(): JSX.Element {
  const desks = useLoaded('onestop', async () => (await authed<{ items: DeskState[] }>('onestop/desks')).data.items);
  const [chosen, setChosen] = useState(sessionStorage.getItem(DESK) ?? '');
  useEffect(() => {
    const timer = setInterval(desks.reload, EVERY_MS); // other windows call from the same queue
    return () => clearInterval(timer);
  }, []);
  const choose = (id: string): void => {
    sessionStorage.setItem(DESK, id);
    setChosen(id);
  };
  const desk = desks.data?.find((each) => each.id === chosen) ?? null;
  return (
    <main id="main" class="leaders" tabIndex={-1}>
      <Heading title={t('onestop.title')}>{t('onestop.title')}</Heading>
      <Stale of={desks} />
      {!desks.data && (desks.error !== null ? <Failed error={desks.error} onRetry={desks.reload} /> : <Loading />)}
      {desks.data && <Choice id="which-desk" none={t('onestop.pick')} label={t('onestop.desk')} value={chosen} onChange={choose} options={desks.data.map((each) => [each.id, `${each.prefix} · ${both(each.name)}`])} />}
      {desk && <AtDesk desk={desk} others={desks.data!.filter((each) => each.id !== desk.id)} key={desk.id} onStep={desks.reload} />}
      {desks.data && !desk && <Empty icon="ticket"><p>{t('onestop.choose')}</p></Empty>}
    </main>
  );
}

function AtDesk({ desk, others, onStep }: { desk: DeskState; others: readonly DeskState[]; onStep: () => void }): JSX.Element {
  const [position, setPosition] = useState(sessionStorage.getItem(POSITION) ?? '');
  const [refused, setRefused] = useState<unknown>(null);
  const [asking, ask] = useState(false);
  const [busy, press] = usePress(SLIP_MS); // a second press would be for whoever was just called
  const wishes = useWishes();
  const tickets = useLoaded(`t-${desk.id}`, async () => (await authed<{ items: Ticket[] }>(`onestop/desks/${desk.id}/tickets`)).data.items);
  useEffect(tickets.reload, [desk.waiting]);
  const mine = tickets.data?.filter((each) => each.state === 'serving' && each.clerk === me.value?.account) ?? [];
  const send = async (path: string, body: object): Promise<void> => {
    setRefused(null);
    try {
      // pressed again after a lost answer, it never calls two numbers
      await wishes.send(`${path} ${JSON.stringify(body)}`, (key) => authed(path, { body, key }));
    } catch (error) {
      setRefused(error);
    }
    tickets.reload();
    onStep();
  };
  const step = (path: string, body: object = {}): Promise<void> => press(() => send(path, body));
  const call = (): void => void step(`onestop/desks/${desk.id}/next`, position ? { position } : {});
  return (
    <div class="columns">
      <div class="stack main">
        {refused !== null && <Note kind="warn" role="alert">{wordsOf(refused)}</Note>}
        {!desk.open_now && <Note icon="clock">{t('onestop.closed', { time: moment(desk.opens_at, now.value) })}</Note>}
        <section class="card stack" aria-labelledby="now">
          <h2 id="now">{t('onestop.now')}</h2>
          <Stale of={tickets} part />
          {mine.map((each) => (
            <article class="stack" key={each.id} data-ticket={each.number}>
              <p class="ticket num">{each.number}</p>
              <p class="hint">{t('onestop.waited', { wait: duration(each.waited_s ?? 0), n: each.calls })}</p>
              <div class="row">
                <Button kind="primary" icon="check" busy={busy} onClick={() => void step(`onestop/tickets/${each.id}/serve`)}>{t('onestop.finish')}</Button>
                <Button icon="volume" busy={busy} onClick={() => void step(`onestop/tickets/${each.id}/recall`)}>{t('onestop.recall')}</Button>
                <Button icon="user-off" busy={busy} onClick={() => void step(`onestop/tickets/${each.id}/skip`)}>{t('onestop.skip')}</Button>
              </div>
              <Transfer others={others} busy={busy} onTransfer={(to) => void step(`onestop/tickets/${each.id}/transfer`, { to })} />
            </article>
          ))}
          {mine.length === 0 && <p class="hint">{desk.waiting ? t('onestop.nobody_called') : t('onestop.nobody')}</p>}
          <Button kind={mine.length ? 'plain' : 'primary'} large icon="speakerphone" busy={busy} disabled={desk.waiting === 0} data-action="call" onClick={() => (desk.early ? ask(true) : call())}>
            {t('onestop.call')}{desk.next[0] ? ` · ${desk.next[0]}` : ''}
          </Button>
          {asking && <Early number={desk.next[0] ?? ''} on={desk.on} onClose={() => ask(false)} onCall={() => (ask(false), call())} />}
          <Field label={t('onestop.position')} optional>
            {(given) => <input {...given} maxLength={40} value={position} onInput={(event) => (setPosition(event.currentTarget.value), sessionStorage.setItem(POSITION, event.currentTarget.value))} />}
          </Field>
        </section>
        <Due desk={desk.id} />
      </div>
      <div class="stack side">
        <section class="card stack" aria-labelledby="waiting">
          <h2 id="waiting">{t('onestop.waiting')} <span class="count num">{desk.waiting}</span></h2>
          <p class="num">{desk.next.join(' · ')}</p>
          {desk.average_wait_s !== null && <p class="hint">{t('onestop.average', { wait: duration(desk.average_wait_s) })}</p>}
        </section>
        <section class="card stack" aria-labelledby="today">
          <h2 id="today">{t('onestop.today')}</h2>
          {!tickets.data && tickets.error !== null && (
            <Failed error={tickets.error} onRetry={tickets.reload} />
          )}
          <ul class="plain">
            {[...(tickets.data ?? [])].reverse().slice(0, 20).map((each) => (
              <li class="row between numberline" key={each.id}>
                <b class="num">{each.number}</b>
                <span class="hint grow">
                  {t(`ticket.${each.state}`)}
                  {each.called_at ? ` ${time(each.called_at)}` : ''}
                  {each.score ? ` · ${each.score}/5` : ''}
                </span>
                {each.state === 'skipped' && (
                  <Button
                    icon="volume"
                    busy={busy}
                    onClick={() => void step(`onestop/tickets/${each.id}/recall`)}
                  >
                    {t('onestop.recall')}
                  </Button>
                )}
              </li>
            ))}
          </ul>
        </section>
      </div>
    </div>
  );
}

interface TransferProps {
  others: readonly DeskState[];
  busy: boolean;
  onTransfer: (to: string) => void;
}

/** Choosing sends nobody away: an arrow key alone changes a select. */
function Transfer({ others, busy, onTransfer }: TransferProps): JSX.Element {
  const [to, setTo] = useState('');
  const send = (event: Event): void => {
    event.preventDefault();
    if (to) onTransfer(to);
  };
  return (
    <form class="row other" onSubmit={send}>
      <label class="pick">
        <span class="hidden-visually">{t('onestop.transfer')}</span>
        <select
          class="input"
          data-transfer="to"
          value={to}
          onChange={(event) => setTo(event.currentTarget.value)}
        >
          <option value="">{t('onestop.transfer')}</option>
          {others.map((each) => (
            <option key={each.id} value={each.id}>{each.prefix} · {both(each.name)}</option>
          ))}
        </select>
      </label>
      <Button type="submit" busy={busy} disabled={!to}>{t('onestop.transfer_go')}</Button>
    </form>
  );
}

function Early({ number, on, onClose, onCall }: { number: string; on: string; onClose: () => void; onCall: () => void }): JSX.Element {
  const foot = (
    <>
      <Button kind="quiet" onClick={onClose}>{t('cancel')}</Button>
      <Button kind="primary" icon="speakerphone" data-action="call-early" onClick={onCall}>{t('onestop.early_call', { number })}</Button>
    </>
  );
  return (
    <Dialog open title={t('onestop.early_title')} onClose={onClose} foot={foot}>
      <p>{t('onestop.early', { number, day: day(on) })}</p>
    </Dialog>
  );
}
