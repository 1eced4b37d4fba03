/** What leaves, to whom, why, by which right and until when: asked of the leaders. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { t } from '@web/core/i18n';
import {
  Button, type Complaint, Dialog, ErrorSummary, Field, FieldError, Note, toast, wordsOf,
} from '@web/ui/kit';
import { instantOf } from './forms';
import { usePress, useWishes } from './pressing';
import { authed } from './session';

const KINDS = ['text', 'category', 'place', 'media', 'result', 'timeline'] as const;
const EMPTY = { organisation: '', contact: '', purpose: '', basis: '', expires: '', identity: '' };
type Values = typeof EMPTY;
type Name = keyof Values;

/** The control of each field that the API may name. */
const CONTROLS: Readonly<Record<string, string>> = {
  'recipient.organisation': 'organisation', recipient: 'organisation',
  'recipient.contact': 'contact', purpose: 'purpose', legal_basis: 'basis',
  expires_at: 'expires', fields: 'fields', identity: 'identity',
  'identity.justification': 'identity',
};
const idOf = (name: string): string => `ask-${name}`;

function complaintsOf(error: unknown): Complaint[] {
  const named = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  if (!named.length) return [{ target: idOf('organisation'), words: wordsOf(error) }];
  return named.map(({ field, detail }) => {
    const name = CONTROLS[field] ?? 'organisation';
    const label = name === 'organisation' ? 'recipient' : name;
    return { target: idOf(name), words: `${t(`disclosure.${label}`)}: ${detail}` };
  });
}

/** The request as the API takes it; the identity goes alone, never among other content. */
function bodyOf(values: Values, kinds: readonly string[]): object {
  const said = (name: Name): string => values[name].trim();
  const alone = said('identity') !== '';
  return {
    recipient: { organisation: said('organisation'), contact: said('contact') },
    purpose: said('purpose'),
    legal_basis: said('basis'),
    fields: alone ? [] : kinds,
    ...(alone ? { identity: { justification: said('identity') } } : {}),
    expires_at: values.expires ? new Date(instantOf(`${values.expires}T17:00`)).toISOString() : '',
  };
}

interface AskProps {
  code: string;
  onClose: () => void;
  onAsked: () => void;
}

export function Ask({ code, onClose, onAsked }: AskProps): JSX.Element {
  const [values, setValues] = useState(EMPTY);
  const [kinds, setKinds] = useState<readonly string[]>([]);
  const wishes = useWishes();
  const [busy, press] = usePress();
  const [refused, setRefused] = useState<unknown>(null);
  const complaints = refused === null ? [] : complaintsOf(refused);
  const said = (name: string): string | undefined =>
    complaints.find((each) => each.target === idOf(name))?.words;
  const send = async (): Promise<void> => {
    const [path, body] = [`desk/cases/${code}/disclosures`, bodyOf(values, kinds)];
    setRefused(null);
    try {
      await wishes.send(JSON.stringify(body), (key) => authed(path, { body, key }));
      toast(t('disclosure.asked'));
      onClose();
      onAsked();
    } catch (error) {
      setRefused(error);
    }
  };
  const foot = (
    <>
      <Button kind="quiet" onClick={onClose}>{t('cancel')}</Button>
      <Button kind="primary" icon="send" busy={busy} onClick={() => void press(send)}>
        {t('disclosure.ask')}
      </Button>
    </>
  );
  const control = (name: Name, label: string, kind?: 'date' | 'long'): JSX.Element => {
    const onInput = (event: { currentTarget: { value: string } }): void =>
      setValues({ ...values, [name]: event.currentTarget.value });
    const hint = name === 'identity' ? t('disclosure.identity_hint') : undefined;
    return (
      <Field id={idOf(name)} label={t(label)} hint={hint} optional={name === 'identity'} error={said(name)}>
        {(given) => {
          const all = { ...given, value: values[name], onInput };
          if (kind === 'long') return <textarea {...all} />;
          return kind === 'date' ? <input {...all} type="date" /> : <input {...all} />;
        }}
      </Field>
    );
  };
  return (
    <Dialog open title={t('action.disclosure')} onClose={onClose} foot={foot}>
      <Note icon="shield-lock">{t('disclosure.lead')}</Note>
      <ErrorSummary complaints={complaints} />
      {control('organisation', 'disclosure.recipient')}
      {control('contact', 'disclosure.contact')}
      {control('purpose', 'disclosure.purpose', 'long')}
      {control('basis', 'disclosure.basis')}
      {control('expires', 'disclosure.expires', 'date')}
      <Kinds
        chosen={kinds}
        onChange={setKinds}
        off={values.identity.trim() !== ''}
        error={said('fields')}
      />
      {control('identity', 'disclosure.identity', 'long')}
    </Dialog>
  );
}

interface KindsProps {
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
  off: boolean;
  error?: string;
}

function Kinds({ chosen, onChange, off, error }: KindsProps): JSX.Element {
  const toggle = (kind: string): void =>
    onChange(chosen.includes(kind) ? chosen.filter((each) => each !== kind) : [...chosen, kind]);
  return (
    <fieldset id={idOf('fields')} tabIndex={-1} disabled={off} class={error ? 'wrong' : ''}>
      <legend>{t('disclosure.fields')}</legend>
      {error && <FieldError id="ask-fields-error" words={error} />}
      {KINDS.map((each) => (
        <label class="check" key={each}>
          <input type="checkbox" checked={chosen.includes(each)} onChange={() => toggle(each)} />
          {t(`disclosure.${each}`)}
        </label>
      ))}
    </fieldset>
  );
}
