/** One dossier: which papers are there decides whether it is received or must be completed. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { type Bilingual, both, t } from '@web/core/i18n';
import { Button, Dialog, Field, Loading, Note, toast, wordsOf } from '@web/ui/kit';
import { usePress } from '../pressing';
import { authed } from '../session';
import { Later } from './Later';

export interface Dossier {
  number: string;
  state: string;
  procedure_name?: Bilingual;
  due_at: string | null;
  promised_at: string | null; // a later date that the applicant was told, once
}

interface Paper {
  id: string;
  name: Bilingual;
  required: boolean;
  present: boolean;
}

type Own = Dossier & { checklist: Paper[] };

/** Why a step was not taken: what this page misses, or what the server said. */
export type Refused = { key: string } | { error: unknown } | null;

const refusalOf = (why: NonNullable<Refused>): string =>
  'key' in why ? t(why.key) : wordsOf(why.error);

const REFUSALS = ['not_eligible', 'not_completed', 'not_competent', 'false_papers'] as const;

interface PapersProps {
  number: string;
  onClose: () => void;
  onDone: () => void;
}

export function Papers({ number, onClose, onDone }: PapersProps): JSX.Element {
  const [own, setOwn] = useState<Own | null>(null);
  const [there, setThere] = useState<readonly string[]>([]);
  const [text, setText] = useState('');
  const [reason, setReason] = useState('');
  const [refused, setRefused] = useState<Refused>(null);
  const [busy, press] = usePress();
  useEffect(() => {
    authed<Own>(`onestop/dossiers/${number}`).then(
      ({ data }) => {
        setOwn(data);
        setThere(data.checklist.filter((each) => each.present).map((each) => each.id));
      },
      (error: unknown) => setRefused({ error }),
    );
  }, [number]);
  const send = (step: string, body: object): Promise<void> =>
    press(async () => {
      try {
        await authed(`onestop/dossiers/${number}/${step}`, { body });
        toast(t(`dossier.step.${step}`));
        onClose();
        onDone();
      } catch (error) {
        setRefused({ error });
      }
    });
  const given = { there, text: text.trim(), reason };
  const foot = own && (
    <Steps own={own} given={given} busy={busy} onSend={send} onRefused={setRefused} onClose={onClose} />
  );
  return (
    <Dialog open title={number} onClose={onClose} foot={foot ?? undefined}>
      {refused && <Note kind="bad" role="alert">{refusalOf(refused)}</Note>}
      {!own && !refused && <Loading rows={2} />}
      {own && <Checklist papers={own.checklist} there={there} onChange={setThere} />}
      {own && (
        <Field label={t('dossier.text')} optional>
          {(control) => (
            <textarea
              {...control}
              maxLength={2000}
              value={text}
              onInput={(event) => setText(event.currentTarget.value)}
            />
          )}
        </Field>
      )}
      {own && <Refusal chosen={reason} onChange={setReason} />}
      {own && !own.promised_at && own.state !== 'supplement' && (
        <Later text={given.text} busy={busy} onSend={send} onRefused={setRefused} />
      )}
    </Dialog>
  );
}

interface StepsProps {
  own: Own;
  given: { there: readonly string[]; text: string; reason: string };
  busy: boolean;
  onSend: (step: string, body: object) => Promise<void>;
  onRefused: (why: Refused) => void;
  onClose: () => void;
}

/** The steps that this dossier may take with the papers that are there. */
function Steps({ own, given, busy, onSend, onRefused, onClose }: StepsProps): JSX.Element {
  const { there, text, reason } = given;
  const absent = own.checklist.filter((each) => !there.includes(each.id));
  const missing = absent.map((each) => each.id);
  const brought = own.checklist
    .filter((each) => !each.present && there.includes(each.id))
    .map((each) => each.id);
  const lacks = absent.some((each) => each.required);
  const refuse = (): void => {
    if (!reason || !text) return onRefused({ key: 'dossier.refuse_needs' });
    void onSend('refuse', { reason, text });
  };
  return (
    <>
      <Button kind="quiet" onClick={onClose}>{t('cancel')}</Button>
      <Button kind="danger" busy={busy} onClick={refuse}>{t('dossier.step.refuse')}</Button>
      {own.state === 'supplement' ? (
        <Button
          kind="primary"
          busy={busy}
          disabled={brought.length === 0 && !text}
          onClick={() => void onSend('supply', { papers: brought, text })}
        >
          {t('dossier.step.supply')}
        </Button>
      ) : (
        <Button
          busy={busy}
          disabled={missing.length === 0}
          onClick={() => void onSend('supplement', { papers: missing, text })}
        >
          {t('dossier.step.supplement')}
        </Button>
      )}
      {own.state === 'submitted' && (
        <Button
          kind="primary"
          busy={busy}
          disabled={lacks}
          onClick={() => void onSend('receive', { papers: there, text })}
        >
          {t('dossier.step.receive')}
        </Button>
      )}
    </>
  );
}

interface ChecklistProps {
  papers: readonly Paper[];
  there: readonly string[];
  onChange: (there: readonly string[]) => void;
}

function Checklist({ papers, there, onChange }: ChecklistProps): JSX.Element {
  const toggle = (id: string): void =>
    onChange(there.includes(id) ? there.filter((each) => each !== id) : [...there, id]);
  return (
    <fieldset>
      <legend>{t('dossier.papers')}</legend>
      {papers.map((each) => (
        <label class="check" key={each.id}>
          <input
            type="checkbox"
            checked={there.includes(each.id)}
            onChange={() => toggle(each.id)}
          />
          {both(each.name)} {each.required ? '' : `(${t('optional')})`}
        </label>
      ))}
    </fieldset>
  );
}

interface RefusalProps {
  chosen: string;
  onChange: (reason: string) => void;
}

function Refusal({ chosen, onChange }: RefusalProps): JSX.Element {
  return (
    <Field label={t('dossier.reason')} optional>
      {(control) => (
        <select
          {...control}
          value={chosen}
          onChange={(event) => onChange(event.currentTarget.value)}
        >
          <option value="">{t('form.choose')}</option>
          {REFUSALS.map((each) => (
            <option value={each} key={each}>{t(`dossier.refusal.${each}`)}</option>
          ))}
        </select>
      )}
    </Field>
  );
}
