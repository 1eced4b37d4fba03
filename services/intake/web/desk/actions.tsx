/** What one may do with a case: only what the API lists, each with the words that it asks for. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { moment } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { Button, type Complaint, ErrorSummary, Field as Labelled, FieldError, Note, toast, wordsOf } from '@web/ui/kit';
import { catalogue, categoryName, unitName } from './catalogue';
import { type Field, FORMS, type Values, commandOf, flaws, localOf, ordered } from './forms';
import { useKeys } from './keys';
import { AddMedia } from './media';
import { Why } from './why';
import type { Case } from './model';
import { DRAFTS, authed } from './session';

interface Props {
  shown: Case;
  onDone: (after: Case) => void;
  onReload: () => void;
}

export function Actions({ shown, onDone, onReload }: Props): JSX.Element {
  const allowed = ordered(shown.actions);
  const [open, setOpen] = useState<string | null>(null);
  const start = (name: string) => () => allowed.includes(name) && setOpen(name);
  useKeys({ a: start('accept'), r: start('result'), f: start('forward') }, [allowed.join()]);
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
      {open ? (
        <ActionForm name={open} shown={shown} onDone={(after) => done(after, open)} onCancel={() => setOpen(null)} onReload={onReload} key={open} />
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

const draftKey = (name: string, code: string): string => `${DRAFTS}${code}.${name}`;

function ActionForm({ name, shown, onDone, onCancel, onReload }: Props & { name: string; onCancel: () => void; onDone: (after: Case) => void }): JSX.Element {
  const form = FORMS[name]!;
  const kept = draftKey(name, shown.code);
  const [values, setValues] = useState<Values>(() => ({ ...initials(form.fields, shown), ...(JSON.parse(sessionStorage.getItem(kept) ?? '{}') as Values) }));
  const [complaints, setComplaints] = useState<Complaint[]>([]);
  const [conflict, setConflict] = useState('');
  const [sure, setSure] = useState(false);
  const [busy, setBusy] = useState(false);
  const [version, setVersion] = useState(shown.version);
  const id = (field: string): string => `f-${field}`;
  const set = (field: string, value: string | readonly string[]): void => {
    const changed = { ...values, [field]: value };
    setValues(changed);
    sessionStorage.setItem(kept, JSON.stringify(changed)); // a closed form or a reload loses nothing
  };
  const say = (field: string, rule: string): Complaint => ({ target: id(field), words: `${t(`field.${field}`)}: ${t(`form.${rule}`)}` });
  const added = (after: Case): void => {
    // one's own file is one step; any other step was somebody else's and must be seen first
    if (after.version === version + 1) setVersion(after.version);
    onReload();
  };
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    const wrong = flaws(form, values, Date.now());
    setComplaints(wrong.map((each) => say(each.field, each.rule)));
    if (wrong.length) return;
    if (form.grave && !sure) return setSure(true);
    setBusy(true);
    setConflict('');
    try {
      const answer = await authed<Case>(`desk/cases/${shown.code}/${name}`, { body: commandOf(form, values), ifMatch: `"${version}"` });
      sessionStorage.removeItem(kept);
      onDone(answer.data);
    } catch (error) {
      setBusy(false);
      if (error instanceof ApiError && error.status === 412) {
        setConflict(error.words);
        setVersion(currentVersion(error, version));
        onReload();
      } else setComplaints(complaintsOf(error, id, name));
    }
  };
  return (
    <form class="stack" onSubmit={send} noValidate data-form={name}>
      <h3>{t(`action.${name}`)}</h3>
      <ErrorSummary complaints={complaints} />
      {conflict && <Note kind="warn" role="alert">{conflict} {t('case.kept')}</Note>}
      {form.fields.map((field) => (
        <Control key={field.name} field={field} form={name} id={id(field.name)} shown={shown} value={values[field.name] ?? ''} onChange={(value) => set(field.name, value)} error={complaints.find((each) => each.target === id(field.name))?.words} onAdded={added} />
      ))}
      {sure && <Note kind="warn" role="alert">{t('form.sure')}</Note>}
      <div class="row">
        <Button type="submit" kind={form.grave ? 'danger' : 'primary'} icon="send" busy={busy}>{t(busy ? 'form.sending' : 'form.send')}</Button>
        <Button kind="quiet" onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  );
}

/** The version that the conflict's answer names: sending again means having seen it. */
function currentVersion(error: ApiError, old: number): number {
  const named = (error.problem.errors ?? []).map((each) => Number(each.field.replace('version.', ''))).filter(Number.isFinite);
  return Math.max(old, ...named);
}

function complaintsOf(error: unknown, id: (field: string) => string, name: string): Complaint[] {
  if (error instanceof ApiError && error.problem.errors?.length) {
    const first = FORMS[name]!.fields[0]?.name ?? 'text';
    return error.problem.errors.map((each) => {
      const field = each.field.split('.').pop() ?? '';
      const known = FORMS[name]!.fields.some((one) => one.name === field);
      return { target: id(known ? field : first), words: each.detail || error.words };
    });
  }
  return [{ target: id(FORMS[name]!.fields[0]?.name ?? 'text'), words: wordsOf(error) }];
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

interface ControlProps {
  field: Field;
  form: string;
  id: string;
  shown: Case;
  value: string | readonly string[];
  onChange: (value: string | readonly string[]) => void;
  error?: string;
  onAdded: (after: Case) => void;
}

function Control({ field, form, id, shown, value, onChange, error, onAdded }: ControlProps): JSX.Element {
  const label = t(`field.${field.name}`);
  const text = String(value);
  if (field.kind === 'evidence') {
    const picked = Array.isArray(value) ? (value as readonly string[]) : [];
    return <Evidence shown={shown} picked={picked} onChange={onChange} onAdded={onAdded} label={label} error={error} />;
  }
  if (field.kind === 'units') return <Units id={id} label={label} error={error} chosen={Array.isArray(value) ? value : []} own={shown.unit} onChange={onChange} />;
  return (
    <Labelled id={id} label={label} optional={!field.required} error={error}>
      {(given) => {
        switch (field.kind) {
          case 'text':
            return <textarea {...given} value={text} maxLength={5000} onInput={(event) => onChange(event.currentTarget.value)} />;
          case 'instant':
            return <input {...given} type="datetime-local" value={text} onInput={(event) => onChange(event.currentTarget.value)} />;
          case 'line':
          case 'code':
            return <input {...given} value={text} maxLength={200} autocomplete="off" onInput={(event) => onChange(event.currentTarget.value)} />;
          default:
            return (
              <select {...given} value={text} onChange={(event) => onChange(event.currentTarget.value)}>
                <option value="">{t('form.choose')}</option>
                {optionsOf(field, form, shown).map(([key, words]) => <option value={key} key={key}>{words}</option>)}
              </select>
            );
        }
      }}
    </Labelled>
  );
}

function optionsOf(field: Field, form: string, shown: Case): [string, string][] {
  const { categories, units, areas } = catalogue.value;
  switch (field.kind) {
    case 'unit':
      return units.filter((each) => each.id !== 'office' || form === 'directives').map((each) => [each.id, unitName(each.id)]);
    case 'category':
      return categories.map((each) => [each.id, categoryName(each.id)]);
    case 'area':
      return areas.map((each) => [each.id, both(each.name)]);
    case 'directive':
      return shown.directives.filter((each) => !each.fulfilled_at).map((each) => [each.id, `${each.text.slice(0, 60)} (${moment(each.due_at)})`]);
    default:
      return (field.choices ?? []).map((each) => [each, t(`choice.${form}.${each}`)]);
  }
}

function Units({ id, label, error, chosen, own, onChange }: { id: string; label: string; error?: string; chosen: readonly string[]; own: string | null; onChange: (value: string[]) => void }): JSX.Element {
  const toggle = (unit: string): void => onChange(chosen.includes(unit) ? chosen.filter((each) => each !== unit) : [...chosen, unit]);
  return (
    <fieldset class={error ? 'wrong' : ''} id={id} tabIndex={-1} aria-describedby={error && `${id}-error`}>
      <legend>{label}</legend>
      {error && <FieldError id={`${id}-error`} words={error} />}
      <div class="unitlist">
        {catalogue.value.units.filter((each) => each.id !== own).map((each) => (
          <label class="check" key={each.id}><input type="checkbox" checked={chosen.includes(each.id)} onChange={() => toggle(each.id)} />{unitName(each.id)}</label>
        ))}
      </div>
    </fieldset>
  );
}

interface EvidenceProps {
  shown: Case;
  picked: readonly string[];
  onChange: (value: string[]) => void;
  onAdded: (after: Case) => void;
  label: string;
  error?: string;
}

function Evidence({ shown, picked, onChange, onAdded, label, error }: EvidenceProps): JSX.Element {
  const own = shown.media.filter((each) => each.from === 'unit');
  const toggle = (media: string): void => onChange(picked.includes(media) ? picked.filter((each) => each !== media) : [...picked, media]);
  return (
    <fieldset class={error ? 'wrong' : ''} id="f-evidence" tabIndex={-1} aria-describedby={error && 'f-evidence-error'}>
      <legend>{label}</legend>
      {error && <FieldError id="f-evidence-error" words={error} />}
      <p class="hint">{t(own.length ? 'media.of_unit' : 'media.none_of_unit')}</p>
      {own.map((each, n) => (
        <label class="check" key={each.id}>
          <input type="checkbox" checked={picked.includes(each.id)} onChange={() => toggle(each.id)} />
          {t(`media.kind.${each.kind}`)} {n + 1}
        </label>
      ))}
      <AddMedia shown={shown} onAdded={(ids, after) => (onChange([...picked, ...ids]), onAdded(after))} />
    </fieldset>
  );
}
