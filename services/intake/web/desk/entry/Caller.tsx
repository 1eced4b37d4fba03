/** Who calls, how they are reached, how visible they want to be; and their word that it is true. */
import type { JSX } from 'preact';
import { both, t } from '@web/core/i18n';
import { Field, FieldError } from '@web/ui/kit';
import { catalogue } from '../catalogue';
import type { Entry } from './draft';
import type { PartProps } from './What';

const KINDS = ['resident', 'tourist', 'business', 'organisation'];
const VISIBLE = ['open', 'confidential', 'anonymous'];
const LANGUAGES = ['vi', 'en'];

export function Caller({ draft: { values, change }, errorOf }: PartProps): JSX.Element {
  const line = (name: 'name' | 'phone' | 'email', keys: 'tel' | 'text' | 'email'): JSX.Element => (
    <Field id={`e-${name}`} label={t(`identity.${name}`)} optional error={errorOf(`e-${name}`)}>
      {(given) => (
        <input
          {...given}
          type="text"
          inputMode={keys}
          maxLength={200}
          autocomplete="off"
          value={values[name]}
          onInput={(event) => change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  );
  return (
    <fieldset class="card stack">
      <legend class="hidden-visually">{t('entry.caller')}</legend>
      <h2>{t('entry.caller')}</h2>
      <fieldset class="stack" id="e-anonymity" tabIndex={-1}>
        <legend>{t('entry.visible')}</legend>
        {VISIBLE.map((each) => (
          <label class="choice" key={each}>
            <input
              type="radio"
              name="anonymity"
              value={each}
              checked={values.anonymity === each}
              onChange={() => change({ anonymity: each })}
            />
            <span>
              {t(`anonymity.${each}`)}
              <span class="hint block">{t(`entry.visible.${each}`)}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {values.anonymity !== 'anonymous' && line('phone', 'tel')}
      {values.anonymity !== 'anonymous' && line('name', 'text')}
      {values.anonymity !== 'anonymous' && line('email', 'email')}
      <div class="pair">
        <Picked name="kind" values={values} options={KINDS} words="kind" onChange={change} />
        <Picked name="language" values={values} options={LANGUAGES} words="entry.language" onChange={change} />
      </div>
    </fieldset>
  );
}

interface PickedProps {
  name: 'kind' | 'language';
  values: Entry;
  options: readonly string[];
  words: string; // the group of their names
  onChange: (changes: Partial<Entry>) => void;
}

function Picked({ name, values, options, words, onChange }: PickedProps): JSX.Element {
  return (
    <Field id={`e-${name}`} label={t(`entry.${name}`)}>
      {(given) => (
        <select
          {...given}
          value={values[name]}
          onChange={(event) => onChange({ [name]: event.currentTarget.value })}
        >
          {options.map((each) => <option value={each} key={each}>{t(`${words}.${each}`)}</option>)}
        </select>
      )}
    </Field>
  );
}

/** The caller's word, read out to them: nobody else can give it. */
export function Terms({ draft: { values, change }, errorOf }: PartProps): JSX.Element {
  const { terms } = catalogue.value;
  const error = errorOf('e-terms');
  return (
    <fieldset class={`card stack${error ? ' wrong' : ''}`}>
      <legend class="hidden-visually">{t('entry.terms')}</legend>
      <h2>{t('entry.terms')}</h2>
      {terms && <blockquote class="read-out">{both(terms.text)}</blockquote>}
      {error && <FieldError id="e-terms-error" words={error} />}
      <label class="check">
        <input
          id="e-terms"
          type="checkbox"
          checked={values.terms}
          aria-invalid={error ? 'true' : undefined}
          aria-describedby={error ? 'e-terms-error' : undefined}
          onChange={() => change({ terms: !values.terms })}
        />
        {t('entry.terms_agreed')}
      </label>
    </fieldset>
  );
}
