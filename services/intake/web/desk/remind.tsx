/** A directive to a unit for each of its overdue cases: words and date once, then one after the other. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import {
  Button, type Complaint, Dialog, ErrorSummary, Failed, Field, Loading, Note, toast, wordsOf,
} from '@web/ui/kit';
import { unitName } from './catalogue';
import type { Given } from './directives';
import { FORMS, type Values, commandOf, flaws, localOf } from './forms';
import { useLoaded } from './loading';
import { SLIP_MS, type Wishes, usePress } from './pressing';
import { type Chase, type Plan, type Progress, oneByOne, owed, planned } from './reminding';
import { onLink, pathOf } from './route';
import { authed } from './session';

const FORM = {
  ...FORMS.directives!,
  fields: FORMS.directives!.fields.filter((each) => each.name !== 'addressee'),
};
const idOf = (field: string): string => `remind-${field}`;

interface Found {
  plan: Plan;
  reportBy: string;
}

/** What stands there now, not when the page was opened: others instruct as well. */
async function look(unit: string): Promise<Found> {
  const [chase, given] = await Promise.all([
    authed<Chase>(`desk/chase?${new URLSearchParams({ unit })}`),
    authed<{ items: Given[] }>('desk/directives'),
  ]);
  const cases = chase.data.items.flatMap((each) => (each.unit === unit ? each.cases : []));
  return { plan: planned(unit, cases, given.data.items), reportBy: chase.data.report_by };
}

interface RemindProps {
  unit: string;
  wishes: Wishes;
  onClose: () => void;
}

export function Remind({ unit, wishes, onClose }: RemindProps): JSX.Element {
  const found = useLoaded(`remind.${unit}`, () => look(unit), () => false);
  const [values, set] = useValues(found.data);
  const { progress, running, send, stop } = useSending(unit, wishes);
  const [wrong, setWrong] = useState<readonly Complaint[]>([]);
  const [busy, press] = usePress(SLIP_MS); // its button then means to try again
  const { open, close } = useClosing(() => {
    stop();
    onClose();
  });
  const begun = progress !== null;
  const codes = begun ? owed(progress) : (found.data?.plan.codes ?? []);
  const give = (): void => {
    const complaints = begun ? [] : complaintsOf(values);
    setWrong(complaints);
    if (!complaints.length) void press(() => send(codes, commandOf(FORM, values)));
  };
  const foot = (
    <>
      <Button kind="quiet" onClick={close}>
        {t(running ? 'remind.stop' : begun ? 'close' : 'cancel')}
      </Button>
      {(running || codes.length > 0) && (
        <Button kind="primary" icon={begun ? 'refresh' : 'send'} busy={busy} onClick={give}>
          {running ? t('form.sending') : begun ? t('retry') : t('remind.send', { n: codes.length })}
        </Button>
      )}
    </>
  );
  return (
    <Dialog open={open} title={t('remind.title', { unit: unitName(unit) })} onClose={close} foot={foot}>
      {!found.data && (found.error !== null
        ? <Failed error={found.error} onRetry={found.reload} />
        : <Loading rows={3} />)}
      {found.data && <LeftOut plan={found.data.plan} />}
      {found.data && !begun && codes.length > 0 && (
        <Fields values={values} set={set} wrong={wrong} />
      )}
      <Result progress={progress} running={running} />
    </Dialog>
  );
}

/** Closing goes by the dialog itself, which gives the focus back, and only then takes it away. */
function useClosing(gone: () => void): { open: boolean; close: () => void } {
  const [open, setOpen] = useState(true);
  useEffect(() => {
    if (!open) gone();
  }, [open]);
  return { open, close: () => setOpen(false) };
}

type Set = (field: string, value: string) => void;

/** What is written: the date begins as the one by which a letter of today would ask for a report. */
function useValues(found: Found | null): [Values, Set] {
  const [written, setWritten] = useState<Values>({});
  const due_at = found ? localOf(found.reportBy) : '';
  const set: Set = (field, value) => setWritten((old) => ({ ...old, [field]: value }));
  return [{ due_at, text: '', ...written }, set];
}

interface Sending {
  progress: Progress | null;
  running: boolean;
  send: (codes: readonly string[], body: object) => Promise<void>;
  stop: () => void;
}

/** Sends what was wished for each case under a key of its own; who goes on elsewhere stops it. */
function useSending(unit: string, wishes: Wishes): Sending {
  const [progress, setProgress] = useState<Progress | null>(null);
  const [running, setRunning] = useState(false);
  const stopped = useRef(false);
  const stop = (): void => void (stopped.current = true);
  useEffect(() => stop, []);
  const send = async (codes: readonly string[], words: object): Promise<void> => {
    const body = { addressee: unit, ...words };
    const before = progress?.sent ?? [];
    const told = (each: Progress): void => setProgress({ ...each, sent: [...before, ...each.sent] });
    told({ sent: [], failed: [], rest: [...codes] });
    setRunning(true);
    const give = (code: string): Promise<unknown> =>
      wishes.send(JSON.stringify([code, body]), (key) =>
        authed(`desk/cases/${code}/directives`, { body, key }),
      );
    const end = await oneByOne(codes, give, { goes: () => !stopped.current, told });
    setRunning(false);
    const left = owed(end).length;
    if (stopped.current) toast(t('remind.stopped', { n: before.length + end.sent.length, left }));
  };
  return { progress, running, send, stop };
}

function complaintsOf(values: Values): Complaint[] {
  return flaws(FORM, values, Date.now()).map(({ field, rule }) => ({
    target: idOf(field), words: `${t(`field.${field}`)}: ${t(`form.${rule}`)}`,
  }));
}

function LeftOut({ plan: { codes, asked, instructed } }: { plan: Plan }): JSX.Element {
  return (
    <>
      <p>{codes.length ? t('remind.lead', { n: codes.length }) : t('remind.nothing')}</p>
      {asked + instructed > 0 && (
        <Note>
          <ul class="plain" data-left-out>
            {asked > 0 && <li>{t('remind.asked', { n: asked })}</li>}
            {instructed > 0 && <li>{t('remind.instructed', { n: instructed })}</li>}
          </ul>
        </Note>
      )}
    </>
  );
}

interface FieldsProps {
  values: Values;
  set: Set;
  wrong: readonly Complaint[];
}

function Fields({ values, set, wrong }: FieldsProps): JSX.Element {
  const said = (field: string): string | undefined =>
    wrong.find((each) => each.target === idOf(field))?.words;
  const bound = (field: string) => ({
    value: String(values[field] ?? ''),
    onInput: (event: { currentTarget: { value: string } }) => set(field, event.currentTarget.value),
  });
  return (
    <>
      <ErrorSummary complaints={wrong} />
      <Field id={idOf('due_at')} label={t('field.due_at')} error={said('due_at')}>
        {(given) => <input {...given} {...bound('due_at')} type="datetime-local" />}
      </Field>
      <Field id={idOf('text')} label={t('field.text')} error={said('text')}>
        {(given) => <textarea {...given} {...bound('text')} maxLength={5000} />}
      </Field>
    </>
  );
}

/** How far it is and what came of it; the box is there from the start, so that it is read out. */
function Result({ progress, running }: { progress: Progress | null; running: boolean }): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const { sent, failed, rest } = progress ?? { sent: [], failed: [], rest: [] };
  const [n, of] = [sent.length, sent.length + failed.length + rest.length];
  useEffect(() => {
    // the button that had the focus may be gone
    if (progress && !running) box.current?.focus();
  }, [running]);
  return (
    <div class="stack" tabIndex={-1} ref={box} data-remind={running ? 'running' : progress ? 'done' : 'idle'}>
      <div role="status">
        {progress && <p>{t(running ? 'remind.progress' : 'remind.done', { sent: n, of })}</p>}
        {failed.length > 0 && !running && <p>{t('remind.failed', { n: failed.length })}</p>}
        {rest.length > 0 && !running && <p>{t('remind.rest', { n: rest.length })}</p>}
      </div>
      {running && <progress max={of} value={of - rest.length} aria-hidden="true" />}
      {failed.length > 0 && (
        <ul class="plain unitlist">
          {failed.map(({ code, error }) => <li key={code}><FailedCase code={code} error={error} /></li>)}
        </ul>
      )}
    </div>
  );
}

function FailedCase({ code, error }: { code: string; error: unknown }): JSX.Element {
  const to = { name: 'case', code } as const;
  return (
    <>
      <a class="caselink num" href={pathOf(to)} onClick={onLink(to)}>{code}</a> {wordsOf(error)}
    </>
  );
}
