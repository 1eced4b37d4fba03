/** ④ Who I am, how visible, what is sent, and the terms. */
import { both, t } from '@web/core/i18n';
import { Field, FieldError, Icon, Note } from '@web/ui/kit';
import { catalogue } from '../catalogue';
import { Review } from './Review';
import { category, change, changeReporter, draft } from './draft';

const KINDS = ['resident', 'tourist', 'business', 'organisation'] as const;
const VISIBLE = ['open', 'confidential', 'anonymous'] as const;
const WATCHERS = ['public', 'handling_unit', 'office', 'leaders', 'ioc'] as const;

export function StepSend({ errorOf }: { errorOf: (target: string) => string | undefined }) {
  const { reporter, terms } = draft.value;
  const sealed = category.value?.identity === 'required';
  const named = reporter.anonymity !== 'anonymous';
  return (
    <div class="stack">
      <fieldset>
        <legend>{t('who.kind')}</legend>
        <div class="kinds">
          {KINDS.map((each) => (
            <label class="choice" key={each}>
              <input type="radio" name="kind" value={each} checked={reporter.kind === each} onChange={() => changeReporter({ kind: each })} />
              <span>{t(`who.${each}`)}</span>
            </label>
          ))}
        </div>
      </fieldset>
      <fieldset class={errorOf('anonymity-confidential') ? 'wrong' : ''}>
        <legend>{t('who.visible')}</legend>
        {errorOf('anonymity-confidential') && <FieldError id="anonymity-error" words={errorOf('anonymity-confidential')!} />}
        {sealed && <Note icon="shield-lock">{t('who.attitude')}</Note>}
        <div class="stack small-gap">
          {VISIBLE.map((each) => {
            const words = catalogue.value?.visibility[each];
            return (
              <label class="choice" key={each}>
                <input type="radio" id={`anonymity-${each}`} name="anonymity" value={each} checked={reporter.anonymity === each} onChange={() => changeReporter({ anonymity: each })} />
                <span class="grow"><b>{both(words?.title) || t(`who.${each}`)}</b><br /><span class="small">{both(words?.explanation)}</span></span>
              </label>
            );
          })}
        </div>
      </fieldset>
      <Preview />
      {named && <Contact errorOf={errorOf} />}
      <section class="card only-phone" aria-labelledby="check-title"><Review /></section>
      <div class={errorOf('terms') ? 'field wrong' : ''}>
        {errorOf('terms') && <FieldError id="terms-error" words={errorOf('terms')!} />}
        <label class="check">
          <input id="terms" type="checkbox" checked={terms} aria-invalid={errorOf('terms') ? 'true' : undefined} aria-describedby={errorOf('terms') ? 'terms-error' : undefined} onChange={(event) => change({ terms: event.currentTarget.checked })} />
          <span>{both(catalogue.value?.terms.text)} <span class="hint">{t('terms.version', { v: catalogue.value?.terms.version ?? '' })}</span></span>
        </label>
      </div>
    </div>
  );
}

/** Who sees what, as the regulation says it for the chosen visibility. */
function Preview() {
  const rules = catalogue.value?.visibility[draft.value.reporter.anonymity];
  if (!rules) return null;
  return (
    <details class="card preview" open>
      <summary>{t('who.preview')}</summary>
      <dl class="watchers">
        {WATCHERS.map((each) => (
          <div key={each} class="row">
            <Icon name={rules.identity[each] === 'never' ? 'eye-off' : 'eye'} />
            <dt>{t(`watcher.${each}`)}</dt>
            <dd class="small">{t(`watcher.${each}.sees`)} {t(`watcher.identity.${rules.identity[each]}`)}</dd>
          </div>
        ))}
        <div class="row">
          <Icon name="lock" />
          <dt>{t('watcher.third')}</dt>
          <dd class="small">{t('watcher.third.sees')}</dd>
        </div>
      </dl>
    </details>
  );
}

function Contact({ errorOf }: { errorOf: (target: string) => string | undefined }) {
  const { reporter } = draft.value;
  return (
    <fieldset class="stack">
      <legend>{t('contact.title')}</legend>
      <p class="hint">{t('contact.why')}</p>
      <Field id="name" label={t('contact.name')} error={errorOf('name')} optional={category.value?.identity !== 'required'}>
        {(given) => <input {...given} type="text" maxLength={200} autocomplete="name" value={reporter.name} onInput={(event) => changeReporter({ name: event.currentTarget.value })} />}
      </Field>
      <Field id="phone" label={t('contact.phone')} error={errorOf('phone')} optional>
        {(given) => <input {...given} type="tel" inputMode="tel" maxLength={24} autocomplete="tel" value={reporter.phone} onInput={(event) => changeReporter({ phone: event.currentTarget.value })} />}
      </Field>
      <Field id="email" label={t('contact.email')} hint={t('contact.email.hint')} error={errorOf('email')} optional>
        {(given) => <input {...given} type="email" inputMode="email" maxLength={254} autocomplete="email" value={reporter.email} onInput={(event) => changeReporter({ email: event.currentTarget.value })} />}
      </Field>
    </fieldset>
  );
}
