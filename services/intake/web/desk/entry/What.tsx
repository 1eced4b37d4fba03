/** What the caller says: the words, and the category that they suggest. */
import type { JSX } from 'preact';
import { duration } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { Button, Field, Icon, Note } from '@web/ui/kit';
import { speaksOfDanger, suggest } from '../../public/logic/suggest';
import { catalogue, categoryName, unitName } from '../catalogue';
import type { Draft } from './draft';

const LONGEST = 5000;
const NUMBERS = ['113', '114', '115'];

export interface PartProps {
  draft: Draft;
  errorOf: (target: string) => string | undefined;
}

/** The numbers to call stand first, and louder when the caller speaks of danger. */
export function Emergency({ text }: { text: string }): JSX.Element {
  const danger = speaksOfDanger(text);
  return (
    <Note kind={danger ? 'bad' : 'warn'} icon="phone" role={danger ? 'alert' : undefined}>
      <div class="row between" data-danger={danger}>
        <b>{t(danger ? 'entry.danger' : 'entry.emergency')}</b>
        <span class="numbers">
          {NUMBERS.map((each) => (
            <a class="btn danger" key={each} href={`tel:${each}`}>{t(`entry.call.${each}`)}</a>
          ))}
        </span>
      </div>
    </Note>
  );
}

export function What({ draft: { values, change }, errorOf }: PartProps): JSX.Element {
  const { categories } = catalogue.value;
  const chosen = categories.find((each) => each.id === values.category);
  const proposed = suggest(values.text, categories).filter((each) => each !== values.category);
  return (
    <fieldset class="card stack">
      <legend class="hidden-visually">{t('entry.what')}</legend>
      <h2>{t('entry.what')}</h2>
      <Field id="e-text" label={t('entry.text')} hint={t('entry.text_hint')} error={errorOf('e-text')}>
        {(given) => (
          <textarea
            {...given}
            rows={5}
            maxLength={LONGEST}
            value={values.text}
            onInput={(event) => change({ text: event.currentTarget.value })}
          />
        )}
      </Field>
      {proposed.length > 0 && (
        <div class="row" role="group" aria-label={t('entry.suggested')} data-suggested>
          <span class="hint">{t('entry.suggested')}</span>
          {proposed.map((each) => (
            <Button key={each} icon="bulb" onClick={() => change({ category: each })}>
              {categoryName(each)}
            </Button>
          ))}
        </div>
      )}
      <Field id="e-category" label={t('field.category')} optional error={errorOf('e-category')}>
        {(given) => (
          <select
            {...given}
            value={values.category}
            onChange={(event) => change({ category: event.currentTarget.value })}
          >
            <option value="">{t('entry.category_unknown')}</option>
            {categories.map((each) => <option value={each.id} key={each.id}>{both(each.name)}</option>)}
          </select>
        )}
      </Field>
      {chosen && (
        <p class="hint limit">
          <Icon name="clock" />
          <span>{t(chosen.clock === 'working' ? 'entry.limit' : 'entry.limit_elapsed', {
            limit: duration(chosen.limit_hours * 3600),
          })}
          {chosen.lead && ` · ${unitName(chosen.lead)}`}</span>
        </p>
      )}
    </fieldset>
  );
}
