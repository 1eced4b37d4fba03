/** A code typed by hand, checked by its last character before anybody is asked. */
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Field } from '@web/ui/kit';
import { readCode } from '../logic/queue';
import { go } from '../router';

export function CodeForm() {
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState(false);
  const look = (event: Event): void => {
    event.preventDefault();
    const code = readCode(typed);
    setWrong(!code);
    if (code) go(`/r/${code}`);
  };
  return (
    <form class="card stack small-gap" noValidate onSubmit={look}>
      <Field id="code" label={t('mine.code')} hint={t('mine.code.hint')} error={wrong ? t('track.bad.hint') : undefined}>
        {(given) => <input {...given} type="text" autocapitalize="characters" autocomplete="off" spellcheck={false} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
      </Field>
      <Button type="submit" kind="primary" icon="search">{t('mine.look')}</Button>
    </form>
  );
}
