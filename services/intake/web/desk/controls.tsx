/** The controls of the actions' forms, by the kind of a field. */
import type { JSX } from 'preact';
import { moment } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { Field as Labelled, FieldError } from '@web/ui/kit';
import { catalogue, categoryName, unitName } from './catalogue';
import type { Field } from './forms';
import { AddMedia } from './media';
import type { Case } from './model';

export type Value = string | readonly string[];
/** A new value, or what makes it of the one that stands there by then. */
export type Change = Value | ((old: Value) => Value);

const listed = (value: Value): readonly string[] => (typeof value === 'string' ? [] : value);

interface ControlProps {
  field: Field;
  form: string;
  id: string;
  shown: Case;
  value: Value;
  onChange: (change: Change) => void;
  error?: string;
  onAdded: (after: Case) => void;
}

/** The control of one field of an action's form. */
export function Control({ field, form, id, shown, value, onChange, error, onAdded }: ControlProps): JSX.Element {
  const label = t(`field.${field.name}`);
  const text = String(value);
  if (field.kind === 'evidence') {
    return <Evidence shown={shown} picked={listed(value)} onChange={onChange} onAdded={onAdded} label={label} error={error} />;
  }
  if (field.kind === 'units') return <Units id={id} label={label} error={error} chosen={listed(value)} own={shown.unit} onChange={onChange} />;
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
  onChange: (change: Change) => void;
  onAdded: (after: Case) => void;
  label: string;
  error?: string;
}

function Evidence({ shown, picked, onChange, onAdded, label, error }: EvidenceProps): JSX.Element {
  const own = shown.media.filter((each) => each.from === 'unit');
  const toggle = (media: string): void => onChange(picked.includes(media) ? picked.filter((each) => each !== media) : [...picked, media]);
  const added = (ids: string[], after: Case): void => {
    onChange((old) => [...listed(old), ...ids]); // much may have been picked since it was begun
    onAdded(after);
  };
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
      <AddMedia shown={shown} onAdded={added} />
    </fieldset>
  );
}
