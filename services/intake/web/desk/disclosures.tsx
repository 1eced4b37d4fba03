/** Content for third parties: asked for here, agreed to by the leaders, never in another way. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { day, moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { Button, Dialog, Empty, ErrorSummary, Failed, Field, Icon, Loading, Note, toast, wordsOf } from '@web/ui/kit';
import { instantOf } from './forms';
import { now } from './live';
import { useLoaded } from './loading';
import type { Case } from './model';
import { Heading } from './parts';
import { onLink, pathOf } from './route';
import { authed, download, me } from './session';

interface Disclosure {
  id: string;
  code: string;
  state: string;
  recipient: { organisation: string; contact: string };
  purpose: string;
  legal_basis: string;
  fields: string[];
  identity: { justification: string } | null;
  expires_at: string;
  requested: { by: string; at: string } | null;
  actions: string[];
  version: number;
}

const FIELDS = ['text', 'category', 'place', 'media', 'result', 'timeline'] as const;
const ASKERS = new Set(['officer', 'unit_head', 'office_clerk', 'leader']);

export function Disclosures(): JSX.Element {
  const loaded = useLoaded('disclosures', async () => (await authed<{ items: Disclosure[] }>('desk/disclosures')).data.items);
  return (
    <main id="main" class="leaders" tabIndex={-1}>
      <Heading title={t('disclosure.title')}>{t('disclosure.title')}</Heading>
      <p class="hint">{t('disclosure.lead')}</p>
      {!loaded.data && (loaded.error !== null ? <Failed error={loaded.error} onRetry={loaded.reload} /> : <Loading />)}
      {loaded.data?.length === 0 && <Empty icon="file-text"><p>{t('leader.none')}</p></Empty>}
      <div class="stack">{loaded.data?.map((each) => <Card key={each.id} disclosure={each} onChange={loaded.reload} />)}</div>
    </main>
  );
}

/** What waits for a leader's consent. */
export function Waiting(): JSX.Element {
  const loaded = useLoaded('waiting', async () => (await authed<{ items: Disclosure[] }>('desk/disclosures?state=requested')).data.items);
  return (
    <section class="stack" aria-labelledby="consent">
      <h2 id="consent">{t('leader.consent')} <span class="count num">{loaded.data?.length ?? 0}</span></h2>
      {loaded.data?.length === 0 && <p class="hint">{t('leader.none')}</p>}
      {loaded.data?.map((each) => <Card key={each.id} disclosure={each} onChange={loaded.reload} />)}
    </section>
  );
}

/** The part of a case page about disclosures, for roles that may ask. */
export function ofCase(shown: Case): JSX.Element | null {
  return ASKERS.has(me.value?.role ?? '') ? <OfCase shown={shown} key={shown.code} /> : null;
}

function OfCase({ shown }: { shown: Case }): JSX.Element {
  const [open, setOpen] = useState(false);
  const loaded = useLoaded(`d-${shown.code}`, async () => (await authed<{ items: Disclosure[] }>(`desk/cases/${shown.code}/disclosures`)).data.items);
  return (
    <section class="card stack" aria-labelledby="disclosures">
      <h2 id="disclosures">{t('disclosure.title')}</h2>
      {loaded.data?.map((each) => <Card key={each.id} disclosure={each} onChange={loaded.reload} />)}
      <Button icon="share" onClick={() => setOpen(true)}>{t('action.disclosure')}</Button>
      {open && <Ask code={shown.code} onClose={() => setOpen(false)} onAsked={loaded.reload} />}
    </section>
  );
}

function Card({ disclosure, onChange }: { disclosure: Disclosure; onChange: () => void }): JSX.Element {
  const [deciding, setDeciding] = useState<string | null>(null);
  const to = { name: 'case', code: disclosure.code } as const;
  const leaving = [...disclosure.fields, ...(disclosure.identity ? ['identity'] : [])];
  return (
    <article class="card stack disclosure">
      <p><b>{disclosure.recipient.organisation}</b> <span class="chip">{t(`disclosure.${disclosure.state}`)}</span></p>
      <dl class="facts">
        <div><dt>{t('disclosure.purpose')}</dt><dd class="text">{disclosure.purpose}</dd></div>
        <div><dt>{t('disclosure.basis')}</dt><dd class="text">{disclosure.legal_basis}</dd></div>
        <div><dt>{t('disclosure.expires')}</dt><dd>{day(disclosure.expires_at)}</dd></div>
      </dl>
      <div><b>{t('disclosure.fields')}</b><ul class="plain chips">{leaving.map((each) => <li class={`chip ${each === 'identity' ? 'refused' : ''}`} key={each}><Icon name={each === 'identity' ? 'shield-lock' : 'check'} />{t(`disclosure.${each}`)}</li>)}</ul></div>
      <p class="hint"><a href={pathOf(to)} onClick={onLink(to)}>{disclosure.code}</a>{disclosure.requested && ` · ${disclosure.requested.by} · ${moment(disclosure.requested.at, now.value)}`}</p>
      <div class="row">
        {disclosure.actions.includes('approve') && <Button kind="primary" icon="check" onClick={() => setDeciding('approve')}>{t('disclosure.approve')}</Button>}
        {disclosure.actions.includes('reject') && <Button icon="x" onClick={() => setDeciding('reject')}>{t('disclosure.reject')}</Button>}
        {disclosure.actions.includes('revoke') && <Button kind="danger" icon="ban" onClick={() => setDeciding('revoke')}>{t('disclosure.revoke')}</Button>}
        {disclosure.actions.includes('package') && <Button icon="download" onClick={() => void download(`/api/v1/desk/cases/${disclosure.code}/disclosures/${disclosure.id}/package`).then(onChange, (error: unknown) => toast(wordsOf(error)))}>{t('disclosure.download')}</Button>}
      </div>
      {deciding && <Decide disclosure={disclosure} action={deciding} onClose={() => setDeciding(null)} onDone={onChange} />}
    </article>
  );
}

function Decide({ disclosure, action, onClose, onDone }: { disclosure: Disclosure; action: string; onClose: () => void; onDone: () => void }): JSX.Element {
  const [text, setText] = useState('');
  const [words, setWords] = useState('');
  const send = async (): Promise<void> => {
    if (!text.trim()) return setWords(t('form.missing'));
    const identity = action === 'approve' && disclosure.identity ? { identity: true } : {};
    try {
      await authed(`desk/cases/${disclosure.code}/disclosures/${disclosure.id}/${action}`, { body: { text: text.trim(), ...identity }, ifMatch: `"${disclosure.version}"` });
      onClose();
      onDone();
    } catch (error) {
      setWords(wordsOf(error));
    }
  };
  return (
    <Dialog open title={t(`disclosure.${action}`)} onClose={onClose} foot={<><Button kind="quiet" onClick={onClose}>{t('cancel')}</Button><Button kind={action === 'approve' ? 'primary' : 'danger'} onClick={() => void send()}>{t(`disclosure.${action}`)}</Button></>}>
      <p>{disclosure.recipient.organisation}: {disclosure.purpose}</p>
      {disclosure.identity && action === 'approve' && <Note kind="warn" icon="shield-lock">{t('disclosure.gives_identity')}</Note>}
      <Field id="decide-text" label={t('disclosure.reason')} error={words || undefined}>
        {(given) => <textarea {...given} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
    </Dialog>
  );
}

function Ask({ code, onClose, onAsked }: { code: string; onClose: () => void; onAsked: () => void }): JSX.Element {
  const [values, setValues] = useState({ organisation: '', contact: '', purpose: '', basis: '', expires: '', identity: '' });
  const [fields, setFields] = useState<string[]>([]);
  const [key] = useState(uuid);
  const [words, setWords] = useState('');
  const set = (name: keyof typeof values) => (event: { currentTarget: { value: string } }): void => setValues({ ...values, [name]: event.currentTarget.value });
  const alone = values.identity.trim() !== ''; // the identity is asked for by itself, never among other fields
  const send = async (): Promise<void> => {
    const body = {
      recipient: { organisation: values.organisation.trim(), contact: values.contact.trim() },
      purpose: values.purpose.trim(),
      legal_basis: values.basis.trim(),
      fields: alone ? [] : fields,
      ...(alone ? { identity: { justification: values.identity.trim() } } : {}),
      expires_at: values.expires ? new Date(instantOf(`${values.expires}T17:00`)).toISOString() : '',
    };
    try {
      await authed(`desk/cases/${code}/disclosures`, { body, key });
      toast(t('disclosure.asked'));
      onClose();
      onAsked();
    } catch (error) {
      setWords(wordsOf(error));
    }
  };
  return (
    <Dialog open title={t('action.disclosure')} onClose={onClose} foot={<><Button kind="quiet" onClick={onClose}>{t('cancel')}</Button><Button kind="primary" icon="send" onClick={() => void send()}>{t('disclosure.ask')}</Button></>}>
      <Note icon="shield-lock">{t('disclosure.lead')}</Note>
      {words && <ErrorSummary complaints={[{ target: 'ask-organisation', words }]} />}
      <Field id="ask-organisation" label={t('disclosure.recipient')}>{(given) => <input {...given} value={values.organisation} onInput={set('organisation')} />}</Field>
      <Field label={t('disclosure.contact')}>{(given) => <input {...given} value={values.contact} onInput={set('contact')} />}</Field>
      <Field label={t('disclosure.purpose')}>{(given) => <textarea {...given} value={values.purpose} onInput={set('purpose')} />}</Field>
      <Field label={t('disclosure.basis')}>{(given) => <input {...given} value={values.basis} onInput={set('basis')} />}</Field>
      <Field label={t('disclosure.expires')}>{(given) => <input {...given} type="date" value={values.expires} onInput={set('expires')} />}</Field>
      <fieldset disabled={alone}>
        <legend>{t('disclosure.fields')}</legend>
        {FIELDS.map((each) => (
          <label class="check" key={each}><input type="checkbox" checked={fields.includes(each)} onChange={() => setFields(fields.includes(each) ? fields.filter((one) => one !== each) : [...fields, each])} />{t(`disclosure.${each}`)}</label>
        ))}
      </fieldset>
      <Field label={t('disclosure.identity')} hint={t('disclosure.identity_hint')} optional>{(given) => <textarea {...given} value={values.identity} onInput={set('identity')} />}</Field>
    </Dialog>
  );
}
