/** The one-stop counter: where my dossier stands, my number and how long it takes, the clerk's rating. */
import { useEffect, useState } from 'preact/hooks';
import { call, get } from '@web/core/api';
import { duration, moment } from '@web/core/dates';
import { type Bilingual, both, has, language, t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { Button, Dialog, Empty, Failed, Field, Icon, Loading, Note, announce, toast, wordsOf } from '@web/ui/kit';
import { arrive } from '../router';
import { keep, kept } from '../store';

export interface Desk {
  id: string;
  name: Bilingual;
  place: Bilingual | string | null;
  open_now: boolean;
  opens_at: string;
  closes_at: string;
  on: string;
  serving: { number: string; position: string | null }[];
  waiting: number;
  next: string[];
  estimate_s: number;
}

interface Ticket {
  id: string;
  number: string;
  desk: string;
  on: string;
  state: string;
  ahead: number;
  estimate_s: number;
  called: string[];
  position: string | null;
  rating: number | null;
  can_rate: boolean;
}

interface Held {
  id: string;
  token: string;
}

const POLL_MS = 8000;
const NOTICE = 3; // numbers ahead at which a person is told to come back to the hall

export default function OnestopPage() {
  useEffect(() => arrive(`${t('onestop.title')} · ${t('app.name')}`), []);
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('onestop.title')}</h1>
      <div class="onestop">
        <Number />
        <Dossier />
      </div>
    </div>
  );
}

function Number() {
  const [desks, setDesks] = useState<Desk[] | null>(null);
  const [held, setHeld] = useState<Held | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState('');
  const load = (): void => void get<{ items: Desk[] }>('onestop/desks').then((found) => { setDesks(found.items); setError(null); }, setError);
  useEffect(() => {
    void kept<Held>('ticket').then(setHeld);
    load();
    const timer = setInterval(() => document.visibilityState === 'visible' && load(), POLL_MS * 2);
    return () => clearInterval(timer);
  }, []);
  const take = async (desk: string): Promise<void> => {
    setBusy(desk);
    try {
      const { data } = await call<Ticket & { ticket_token: string }>(`onestop/desks/${desk}/tickets`, { body: { channel: 'online', language: language.value }, key: uuid() });
      const fresh = { id: data.id, token: data.ticket_token };
      await keep('ticket', fresh);
      setHeld(fresh);
    } catch (failed) {
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
      {!held && (
        <ul class="plain stack">
          {desks?.map((each) => (
            <li key={each.id} class="card stack small-gap">
              <h3>{both(each.name)}</h3>
              <p class="hint num" role="status">{t('desk.waiting', { n: each.waiting, time: duration(each.estimate_s) })} {!each.open_now && t('desk.closed', { at: moment(each.opens_at) })}</p>
              <div class="row">
                <Button kind="primary" icon="ticket" busy={busy === each.id} aria-label={`${t('ticket.take')}: ${both(each.name)}`} onClick={() => void take(each.id)}>{t('ticket.take')}</Button>
                <a class="btn" href={`/onestop/board/${each.id}`}>{t('desk.board')}</a>
              </div>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function Mine({ held, desks, onGone }: { held: Held; desks: Desk[]; onGone: () => void }) {
  const [ticket, setTicket] = useState<Ticket | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [leaving, setLeaving] = useState(false);
  const load = (): void => void get<Ticket>(`onestop/tickets/${held.id}`, { token: held.token }).then((found) => { setTicket(found); setError(null); }, setError);
  useEffect(() => {
    load();
    const timer = setInterval(load, POLL_MS);
    return () => clearInterval(timer);
  }, [held.id]);
  useEffect(() => {
    if (ticket?.state === 'serving') announce(t('ticket.called', { n: ticket.number, position: ticket.position ?? '–' }));
    else if (ticket?.state === 'waiting' && ticket.ahead === NOTICE) announce(t('ticket.ahead', { n: ticket.ahead, time: duration(ticket.estimate_s) }));
  }, [ticket?.state, ticket?.ahead]);
  if (!ticket) return error ? <><Failed error={error} onRetry={load} /><Button onClick={onGone}>{t('ticket.forget')}</Button></> : <Loading rows={1} />;
  const leave = async (): Promise<void> => {
    try {
      await call(`onestop/tickets/${held.id}`, { method: 'DELETE', token: held.token });
      onGone();
    } catch (failed) {
      toast(wordsOf(failed));
    }
  };
  const desk = desks.find((each) => each.id === ticket.desk);
  const state = `ticket.state.${ticket.state}`;
  return (
    <div class="card stack mine-number">
      <p class="hint">{both(desk?.name)}</p>
      <p class="big num">{ticket.number}</p>
      {ticket.state === 'waiting' && <p role="status">{t('ticket.ahead', { n: ticket.ahead, time: duration(ticket.estimate_s) })}</p>}
      {ticket.state === 'waiting' && ticket.called.length > 0 && <p class="hint num">{t('ticket.calling', { n: ticket.called.join(', ') })}</p>}
      {ticket.state === 'serving' && <Note kind="good" icon="bell" role="alert">{t('ticket.called', { n: ticket.number, position: ticket.position ?? '–' })}</Note>}
      {ticket.state === 'skipped' && <Note kind="warn" icon="alert-triangle" role="alert">{t('ticket.passed')}</Note>}
      {!['waiting', 'serving', 'skipped'].includes(ticket.state) && <p>{has(state) ? t(`ticket.state.${ticket.state}`) : ticket.state}</p>}
      {ticket.can_rate && <Rate held={held} onDone={load} />}
      {ticket.rating && <p role="status">{t('ticket.rated', { n: ticket.rating })}</p>}
      <div class="row centre">
        <a class="btn" href={`/onestop/board/${ticket.desk}`}>{t('desk.board')}</a>
        {ticket.state === 'waiting' ? <Button kind="danger" onClick={() => setLeaving(true)}>{t('ticket.leave')}</Button> : <Button onClick={onGone}>{t('ticket.forget')}</Button>}
      </div>
      <Dialog open={leaving} title={t('ticket.leave')} onClose={() => setLeaving(false)} foot={<><Button onClick={() => setLeaving(false)}>{t('cancel')}</Button><Button kind="danger" class="filled" onClick={() => void leave()}>{t('ticket.leave')}</Button></>}>
        <p>{t('ticket.leave.sure')}</p>
      </Dialog>
    </div>
  );
}

interface Offer {
  page: string;
  text: Bilingual;
}

function Rate({ held, onDone }: { held: Held; onDone: () => void }) {
  const [score, setScore] = useState(0);
  const [reason, setReason] = useState('');
  const [offer, setOffer] = useState<Offer | null>(null);
  const rate = async (): Promise<void> => {
    try {
      const { data } = await call<{ offer: Offer | null }>(`onestop/tickets/${held.id}/rating`, { body: { score, reason }, token: held.token });
      toast(t('act.thanks'));
      setOffer(data.offer);
      if (!data.offer) onDone();
    } catch (failed) {
      toast(wordsOf(failed));
    }
  };
  if (offer) return <Note icon="shield-lock"><p>{both(offer.text)}</p><a class="btn" href={offer.page}>{t('nav.report')}</a></Note>;
  return (
    <div class="stack small-gap">
      <fieldset class="stars">
        <legend>{t('ticket.rate')}</legend>
        {[1, 2, 3, 4, 5].map((n) => (
          <label key={n} class={n <= score ? 'on' : ''}>
            <input type="radio" name="clerk" value={n} checked={score === n} onChange={() => setScore(n)} class="hidden-visually" />
            <Icon name="star" label={t('act.star', { n })} />
          </label>
        ))}
      </fieldset>
      <Field label={t('act.yes.text')} optional>{(given) => <input {...given} type="text" maxLength={300} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}</Field>
      <Button kind="primary" busy={!score} onClick={() => void rate()}>{t('act.rate')}</Button>
    </div>
  );
}

interface DossierView {
  number: string;
  state: string;
  procedure_name?: Bilingual;
  due_at?: string | null;
  steps?: { at: string; title: Bilingual }[];
  [more: string]: unknown;
}

function Dossier() {
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<DossierView | null>(null);
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const look = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!typed.trim()) return setError(t('dossier.empty'));
    setBusy(true);
    setError('');
    setFound(null);
    try {
      setFound(await get<DossierView>(`onestop/dossiers/${encodeURIComponent(typed.trim().toUpperCase())}`));
    } catch (failed) {
      setError(wordsOf(failed));
    } finally {
      setBusy(false);
    }
  };
  const state = found ? `dossier.state.${found.state}` : '';
  return (
    <section class="stack" aria-labelledby="dossier-title">
      <h2 id="dossier-title">{t('dossier.title')}</h2>
      <form class="card stack small-gap" noValidate onSubmit={(event) => void look(event)}>
        <Field id="dossier" label={t('dossier.number')} hint={t('dossier.hint')} error={error || undefined}>
          {(given) => <input {...given} type="text" autocapitalize="characters" autocomplete="off" spellcheck={false} maxLength={40} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
        </Field>
        <Button type="submit" kind="primary" icon="search" busy={busy}>{t('dossier.look')}</Button>
      </form>
      {found && (
        <div class="card stack small-gap" role="status">
          <p class="num"><b>{found.number}</b></p>
          <p>{both(found.procedure_name)}</p>
          <p><b>{has(state) ? t(`dossier.state.${found.state}`) : found.state}</b>{found.due_at ? ` · ${t('dossier.due', { at: moment(found.due_at) })}` : ''}</p>
          <ol class="timeline plain">{[...(found.steps ?? [])].reverse().map((each) => <li key={each.at}><b>{both(each.title)}</b><br /><span class="hint num">{moment(each.at)}</span></li>)}</ol>
        </div>
      )}
    </section>
  );
}
