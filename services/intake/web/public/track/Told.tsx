/** "Báo tin cho tôi": how somebody hears of this report, with their consent, and the way out of it. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { moment } from '@web/core/dates';
import { has, t } from '@web/core/i18n';
import { Button, Failed, Field, Loading, toast, wordsOf } from '@web/ui/kit';
import { Refused, useOnce } from '../once';
import { useRefocus } from '../router';
import { ToldForm } from './ToldForm';
import { type Channel, type Choice, type Told as Who, choose, confirmCode, offered, readChoice, unfollow } from './telling';

export function Told({ code, token, kind, onUnfollowed }: Who & { onUnfollowed?: () => void }) {
  const who: Who = { code, token, kind };
  const [choice, setChoice] = useState<Choice | null>(null);
  const [ways, setWays] = useState<Channel[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [writing, setWriting] = useState(false);
  const load = (): void => {
    setError(null);
    void offered().then(setWays);
    readChoice(who).then(setChoice, setError);
  };
  useEffect(load, [code, token]);
  const ending = useOnce();
  const stop = async (): Promise<void> => {
    setChoice(await choose(who, { channels: [] }));
    toast(t('told.stopped'));
  };
  const leave = async (): Promise<void> => {
    await unfollow(who);
    toast(t('told.left'));
    onUnfollowed?.();
  };
  // the button that was pressed has become the form, or the form the button, or "follow" all of this
  useRefocus(`${choice?.channels} ${choice?.unconfirmed} ${writing}`, writing ? '#told-channels' : '#told-choose');
  const write = (): void => {
    ending.forget();
    setWriting(true);
  };
  const active = Boolean(choice?.channels?.length || (choice?.channels === null && hasAddress(choice)));
  return (
    <section class="card stack told" aria-labelledby="told-title">
      <h2 id="told-title">{t('told.title')}</h2>
      {error !== null && <Failed error={error} onRetry={load} />}
      {!choice && error === null && <Loading rows={1} />}
      {choice && !writing && <Now choice={choice} />}
      {choice && !writing && Boolean(choice.unconfirmed?.length) && <Confirm who={who} choice={choice} onDone={setChoice} />}
      {choice && writing && <ToldForm who={who} choice={choice} ways={ways} onDone={(made) => { setChoice(made); setWriting(false); }} onCancel={() => setWriting(false)} />}
      {choice && !writing && (
        <div class="row">
          <Button id="told-choose" icon="bell" onClick={write}>{t(active ? 'told.change' : 'told.choose')}</Button>
          {active && <Button icon="bell-off" busy={ending.busy} onClick={() => void ending.run(stop)}>{t('told.stop')}</Button>}
          {kind === 'followed' && <Button kind="quiet" busy={ending.busy} onClick={() => void ending.run(leave)}>{t('told.leave')}</Button>}
        </div>
      )}
      <Refused error={ending.failed} />
    </section>
  );
}

/** Why a code does not count: the server says it by a name for each reason. */
function wordsOfCode(failed: unknown): string {
  const reason = failed instanceof ApiError ? `told.code.${failed.problem.errors?.[0]?.code}` : '';
  return has(reason) ? t(reason) : wordsOf(failed);
}

const hasAddress = (choice: Choice): boolean => choice.addresses.email || choice.addresses.sms;

/** What is in force, in words. */
function Now({ choice }: { choice: Choice }) {
  if (choice.channels === null) return <p>{t(hasAddress(choice) ? 'told.default' : 'told.nothing')}</p>;
  if (!choice.channels.length) return <p>{t('told.nothing')}</p>;
  return (
    <>
      <ol class="plain told-now">
        {choice.channels.map((each) => <li key={each}><b>{t(`told.${each}`)}</b>{choice.unconfirmed?.includes(each) && ` · ${t('told.waits')}`}</li>)}
      </ol>
      {choice.channels.length > 1 && <p class="hint">{t('told.first')}</p>}
    </>
  );
}

/** The code that the city sent to an address, typed by its owner. */
function Confirm({ who, choice, onDone }: { who: Who; choice: Choice; onDone: (choice: Choice) => void }) {
  const [typed, setTyped] = useState('');
  const [short, setShort] = useState(false);
  const confirming = useOnce(); // a second press of the same would use up one of few tries
  const confirm = (event: Event): void => {
    event.preventDefault();
    const digits = typed.replace(/\D/g, '');
    setShort(digits.length !== 6);
    if (digits.length !== 6) return confirming.forget();
    void confirming.run(async () => {
      onDone(await confirmCode(who, digits));
      toast(t('told.confirmed'));
    });
  };
  const wrong = short ? t('told.code.wrong') : confirming.failed !== null ? wordsOfCode(confirming.failed) : undefined;
  return (
    <form class="stack small-gap" noValidate onSubmit={confirm}>
      <p>{t('told.sent', { at: choice.confirm_until ? moment(choice.confirm_until) : '' })}</p>
      <Field id="told-code" label={t('told.code')} error={wrong}>
        {(given) => <input {...given} class="input code-input num" type="text" inputMode="numeric" autocomplete="one-time-code" maxLength={7} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
      </Field>
      <Button type="submit" kind="primary" busy={confirming.busy}>{t('told.confirm')}</Button>
    </form>
  );
}
