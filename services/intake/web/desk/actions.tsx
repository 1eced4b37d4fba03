/** What one may do with a case: only what the API lists, each with the words that it asks for. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { t } from '@web/core/i18n';
import { Button, type Complaint, ErrorSummary, Note, toast, wordsOf } from '@web/ui/kit';
import { unitName } from './catalogue';
import { type Change, Control } from './controls';
import { type Field, type Flaw, FORMS, type Values, commandOf, flaws, localOf, ordered } from './forms';
import { ACTION_KEYS, useKeys, wishOf } from './keys';
import type { Case } from './model';
import { SLIP_MS, usePress, useWishes } from './pressing';
import { DRAFTS, authed } from './session';
import { Why } from './why';

interface Props {
  shown: Case;
  onDone: (after: Case) => void;
  onAdded: (after: Case) => void; // a file of one's own
  onReload: () => void;
}

export function Actions({ shown, onDone, onAdded, onReload }: Props): JSX.Element {
  const allowed = ordered(shown.actions);
  const [open, setOpen] = useState<string | null>(() => wishOf(shown.code));
  const start = (name: string) => () => allowed.includes(name) && setOpen(name);
  const keys = Object.entries(ACTION_KEYS).map(([key, name]) => [key, start(name)]);
  useKeys(Object.fromEntries(keys), [allowed.join()]);
  useEffect(() => {
    if (open && !allowed.includes(open)) setOpen(null);
  }, [allowed.join()]);
  const done = (after: Case, name: string): void => {
    setOpen(null);
    toast(t('form.done', { action: t(`action.${name}`) }));
    onDone(after);
  };
  return (
    <section class="card stack actions" aria-labelledby="actions">
      <h2 id="actions">{t('case.actions')}</h2>
      {shown.suggested && <Note icon="bulb"><p><b>{t('case.suggested', { unit: unitName(shown.suggested.unit) })}</b></p><Why routed={shown.routed} /></Note>}
      {allowed.length === 0 && <p class="hint">{t('case.no_actions')}</p>}
      {open && allowed.includes(open) ? (
        <ActionForm name={open} shown={shown} onDone={(after) => done(after, open)} onCancel={() => setOpen(null)} onAdded={onAdded} onReload={onReload} key={open} />
      ) : (
        <div class="buttons">
          {allowed.map((name, n) => (
            <Button key={name} kind={n === 0 && FORMS[name]!.primary ? 'primary' : FORMS[name]!.grave ? 'danger' : 'plain'} icon={FORMS[name]!.icon} data-action={name} onClick={start(name)}>
              {t(`action.${name}`)}
            </Button>
          ))}
        </div>
      )}
    </section>
  );
}

type ActionFormProps = Props & { name: string; onCancel: () => void };

function ActionForm({ name, shown, onDone, onAdded, onCancel, onReload }: ActionFormProps): JSX.Element {
  const form = FORMS[name]!;
  const { values, set, forget } = useDraft(name, shown);
  const [wrong, setWrong] = useState<readonly Flaw[]>([]);
  const [refusal, setRefusal] = useState<unknown>(null);
  const [sureAt, setSureAt] = useState(0); // when it was asked whether one is sure
  const [busy, press] = usePress();
  const wishes = useWishes();
  const [version, setVersion] = useState(shown.version);
  const overtaken = refusal instanceof ApiError && refusal.status === 412;
  const complaints = overtaken ? [] : [...wrong.map(said), ...complaintsOf(refusal, name)];
  const added = (after: Case): void => {
    // one's own file is one step; any other step was somebody else's and must be seen first
    setVersion((old) => (after.version === old + 1 ? after.version : old));
    onAdded(after);
  };
  const give = async (): Promise<void> => {
    const [path, body] = [`desk/cases/${shown.code}/${name}`, commandOf(form, values)];
    setRefusal(null);
    try {
      const answer = await wishes.send(JSON.stringify(body), (key) =>
        authed<Case>(path, { body, key, ifMatch: `"${version}"` }),
      );
      forget();
      onDone(answer.data);
    } catch (error) {
      setRefusal(error);
      if (!(error instanceof ApiError) || error.status !== 412) return;
      setVersion(currentVersion(error, version));
      onReload();
    }
  };
  const send = (event: Event): void => {
    event.preventDefault();
    const found = flaws(form, values, Date.now());
    setWrong(found);
    if (found.length) return setRefusal(null);
    if (form.grave && !sureAt) return setSureAt(Date.now());
    if (Date.now() - sureAt > SLIP_MS) void press(give);
  };
  const errorOf = (field: Field): string | undefined =>
    complaints.find((each) => each.target === idOf(field.name))?.words;
  return (
    <form class="stack" onSubmit={send} noValidate data-form={name}>
      <h3>{t(`action.${name}`)}</h3>
      <ErrorSummary complaints={complaints} />
      {overtaken && <Note kind="warn" role="alert">{refusal.words} {t('case.kept')}</Note>}
      {form.fields.map((field) => (
        <Control key={field.name} field={field} form={name} id={idOf(field.name)} shown={shown} value={values[field.name] ?? ''} onChange={(change) => set(field.name, change)} error={errorOf(field)} onAdded={added} />
      ))}
      {sureAt > 0 && <Note kind="warn" role="alert">{t('form.sure')}</Note>}
      <div class="row">
        <Button type="submit" kind={form.grave ? 'danger' : 'primary'} icon="send" busy={busy}>{t(busy ? 'form.sending' : 'form.send')}</Button>
        <Button kind="quiet" onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  );
}

interface Draft {
  values: Values;
  set: (field: string, change: Change) => void;
  forget: () => void;
}

/** What is written into a form: it stays in this tab, a closed form or a reload loses nothing. */
function useDraft(name: string, shown: Case): Draft {
  const kept = `${DRAFTS}${shown.code}.${name}`;
  const sent = useRef(false);
  const [values, setValues] = useState<Values>(() => {
    const before = JSON.parse(sessionStorage.getItem(kept) ?? '{}') as Values;
    return { ...initials(FORMS[name]!.fields, shown), ...before };
  });
  const set = (field: string, change: Change): void =>
    setValues((old) => {
      const value = typeof change === 'function' ? change(old[field] ?? '') : change;
      const changed = { ...old, [field]: value };
      if (!sent.current) sessionStorage.setItem(kept, JSON.stringify(changed));
      return changed;
    });
  const forget = (): void => {
    sent.current = true; // an upload may end later
    sessionStorage.removeItem(kept);
  };
  return { values, set, forget };
}

const idOf = (field: string): string => `f-${field}`;
const said = ({ field, rule }: Flaw): Complaint => ({
  target: idOf(field), words: `${t(`field.${field}`)}: ${t(`form.${rule}`)}`,
});

/** The version that the conflict's answer names: sending again means having seen it. */
function currentVersion(error: ApiError, old: number): number {
  const named = (error.problem.errors ?? []).map((each) => Number(each.field.replace('version.', ''))).filter(Number.isFinite);
  return Math.max(old, ...named);
}

/** What the server says, each at the field that it is about. */
function complaintsOf(error: unknown, name: string): Complaint[] {
  if (error === null) return [];
  const { fields } = FORMS[name]!;
  const first = fields[0]?.name ?? 'text';
  const named = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  if (!named.length) return [{ target: idOf(first), words: wordsOf(error) }];
  return named.map((each) => {
    const field = each.field.split('.').pop() ?? '';
    const known = fields.some((one) => one.name === field);
    return { target: idOf(known ? field : first), words: each.detail || wordsOf(error) };
  });
}

function initials(fields: readonly Field[], shown: Case): Values {
  const found: Record<string, string | readonly string[]> = {};
  for (const { name, initial, kind } of fields) {
    if (initial === 'suggested.unit' && shown.suggested) found[name] = shown.suggested.unit;
    if (initial === 'suggested.category') found[name] = shown.suggested?.category ?? shown.category ?? '';
    if (initial === 'coordination.units' && shown.coordination) found[name] = shown.coordination.tasks.map((each) => each.unit);
    if (initial === 'coordination.expected_at' && shown.coordination) found[name] = localOf(shown.coordination.expected_at);
    if (kind === 'directive') found[name] = shown.directives.find((each) => !each.fulfilled_at)?.id ?? '';
  }
  return found;
}
