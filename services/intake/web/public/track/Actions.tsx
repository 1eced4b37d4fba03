/** What a reporter does with a report: rate, dispute, write, add photos. */
import { useRef, useState } from 'preact/hooks';
import { ApiError, type CallOptions, call } from '@web/core/api';
import { moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { Button, Field, Icon, toast, wordsOf } from '@web/ui/kit';
import { factsOf, fromPhoto } from '../photo';
import { ADDING, useRefocus } from '../router';
import { Stars } from '../stars';
import type { CaseView } from './case';

const DONE = ['resolved', 'closed'];
const OVER = ['closed', 'refused', 'redirected', 'withdrawn'];

export function Actions({ view, token, onDone }: { view: CaseView; token: string; onDone: () => void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const keys = useRef(new Map<string, string>()); // of what has had no answer yet: pressed again it is the same
  const send = async (what: string, options: CallOptions & { same?: string }, said: string): Promise<boolean> => {
    setBusy(true);
    setError(null);
    const { same = JSON.stringify(options.body), ...more } = options;
    const asked = `${what} ${same}`;
    const key = keys.current.get(asked) ?? uuid();
    keys.current.set(asked, key);
    try {
      await call(`reports/${view.code}/${what}`, { method: 'POST', token, key, ...more });
      keys.current.delete(asked);
      toast(said);
      onDone();
      return true;
    } catch (failed) {
      if (answered(failed)) keys.current.delete(asked);
      setError(failed);
      return false;
    } finally {
      setBusy(false);
    }
  };
  if (OVER.includes(view.state) && !view.rating) return null; // nothing is left to be done
  return (
    <section class="card stack actions" aria-labelledby="actions-title">
      <h2 id="actions-title">{t('act.title')}</h2>
      {error !== null && <p class="error" role="alert"><Icon name="alert-triangle" />{wordsOf(error)}</p>}
      {view.state === 'resolved' && <Judge view={view} busy={busy} send={send} />}
      {view.rating && <p role="status">{t('act.rated', { n: view.rating.score })}</p>}
      {!OVER.includes(view.state) && <Write busy={busy} send={send} />}
      {!OVER.includes(view.state) && <AddPhoto busy={busy} send={send} />}
      {!OVER.includes(view.state) && !DONE.includes(view.state) && <Withdraw busy={busy} send={send} />}
    </section>
  );
}

type Send = (what: string, options: CallOptions & { same?: string }, said: string) => Promise<boolean>;

/** Say whether the server has refused it: everything else may have been carried out. */
const answered = (failed: unknown): boolean => failed instanceof ApiError && failed.status >= 400 && failed.status < 500 && ![408, 409, 425, 429].includes(failed.status);

function Judge({ view, busy, send }: { view: CaseView; busy: boolean; send: Send }) {
  const [chosen, setChosen] = useState<'yes' | 'no' | null>(view.rating ? 'yes' : null);
  const [score, setScore] = useState(view.rating?.score ?? 0);
  const [text, setText] = useState('');
  if (view.rating && chosen !== 'no') return <><Window until={view.dispute_until ?? null} /><Button kind="danger" onClick={() => setChosen('no')}>{t('act.no')}</Button></>;
  return (
    <div class="stack">
      <h3>{t('act.question')}</h3>
      <Window until={view.dispute_until ?? null} />
      <div class="row">
        <Button icon="thumb-up" kind={chosen === 'yes' ? 'primary' : 'plain'} aria-pressed={chosen === 'yes'} onClick={() => setChosen('yes')}>{t('act.yes')}</Button>
        <Button icon="thumb-down" kind={chosen === 'no' ? 'primary' : 'plain'} aria-pressed={chosen === 'no'} onClick={() => setChosen('no')}>{t('act.no')}</Button>
      </div>
      {chosen === 'yes' && <Stars name="score" legend={t('act.stars')} score={score} onChoose={setScore} />}
      {chosen && (
        <Field id="judge-text" label={t(chosen === 'yes' ? 'act.yes.text' : 'act.no.text')} optional={chosen === 'yes'}>
          {(given) => <textarea {...given} rows={3} maxLength={5000} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
        </Field>
      )}
      {chosen === 'yes' && <Button kind="primary" busy={busy || !score} onClick={() => void send('rating', { body: { score, text } }, t('act.thanks'))}>{t('act.rate')}</Button>}
      {chosen === 'no' && <Button kind="primary" busy={busy || !text.trim()} onClick={() => void send('reopen', { body: { text } }, t('act.reopened'))}>{t('act.reopen')}</Button>}
    </div>
  );
}

const DAY_MS = 86_400_000;

/** How long the result may still be disputed; afterwards it closes by itself. */
function Window({ until }: { until: string | null }) {
  const left = until ? Date.parse(until) - Date.now() : 0;
  if (!until || left <= 0) return null;
  return <p class="num" data-dispute>{t('act.window', { n: Math.ceil(left / DAY_MS) })} <span class="hint">({t('track.by', { at: moment(until) })})</span></p>;
}

function Write({ busy, send }: { busy: boolean; send: Send }) {
  const [text, setText] = useState('');
  return (
    <div class="stack small-gap">
      <Field id="message" label={t('act.message')}>
        {(given) => <textarea {...given} rows={2} maxLength={5000} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      <Button icon="message" busy={busy || !text.trim()} onClick={() => void send('messages', { body: { text } }, t('act.said')).then((ok) => ok && setText(''))}>{t('act.message.send')}</Button>
    </div>
  );
}

function AddPhoto({ busy, send }: { busy: boolean; send: Send }) {
  const file = useRef<HTMLInputElement>(null);
  const [preparing, setPreparing] = useState(false);
  const take = async (input: HTMLInputElement): Promise<void> => {
    const [chosen] = input.files ?? [];
    input.value = '';
    if (!chosen || preparing) return;
    setPreparing(true);
    await add(chosen).catch(() => toast(t('photo.failed')));
    setPreparing(false);
  };
  const add = async (chosen: File): Promise<void> => {
    const made = await fromPhoto(chosen, '', 1, null, 0);
    const form = new FormData();
    form.append('report', new Blob([JSON.stringify({ media: [factsOf(made)] })], { type: 'application/json' }));
    form.append('media', new Blob([made.bytes], { type: made.type }), made.name);
    await send('media', { form, timeoutMs: 120_000, same: made.sha256 ?? made.id }, t('act.photo.added'));
  };
  return (
    <>
      <Button id={ADDING} icon="camera" busy={busy || preparing} onClick={() => file.current?.click()}>{t(preparing && !busy ? 'photo.busy' : 'act.photo')}</Button>
      <input ref={file} type="file" accept="image/*" hidden onChange={(event) => void take(event.currentTarget)} />
    </>
  );
}

function Withdraw({ busy, send }: { busy: boolean; send: Send }) {
  const [sure, setSure] = useState(false);
  useRefocus(sure, sure ? '#withdraw-sure' : '#withdraw');
  if (!sure) return <Button id="withdraw" kind="quiet" onClick={() => setSure(true)}>{t('act.withdraw')}</Button>;
  return (
    <div class="stack small-gap">
      <p id="withdraw-sure" tabIndex={-1}>{t('act.withdraw.sure')}</p>
      <div class="row">
        <Button kind="danger" busy={busy} onClick={() => void send('withdraw', { body: {} }, t('act.withdrawn'))}>{t('act.withdraw.yes')}</Button>
        <Button onClick={() => setSure(false)}>{t('cancel')}</Button>
      </div>
    </div>
  );
}
