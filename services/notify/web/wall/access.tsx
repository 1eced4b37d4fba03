/** How a screen gets in: a token of its own, or somebody's account. Nothing of it is in a URL. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { t } from '@web/core/i18n';
import { Button, ErrorSummary, Field } from '@web/ui/kit';

const KEPT = 'wall.token';
export const token = signal<string | null>(typeof localStorage === 'undefined' ? null : localStorage.getItem(KEPT));
export const locked = signal(false);

function keep(given: string): void {
  localStorage.setItem(KEPT, given);
  token.value = given;
  locked.value = false;
}

export function Access(): JSX.Element {
  const [given, setGiven] = useState('');
  const [wrong, setWrong] = useState(false);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    const answer = await fetch('/api/v1/ioc/summary', { headers: { Authorization: `Bearer ${given.trim()}` } }).catch(() => null);
    if (answer?.ok) keep(given.trim());
    else setWrong(true);
  };
  return (
    <main id="main" class="access" tabIndex={-1}>
      <form class="card raised stack" onSubmit={submit}>
        <h1>{t('wall.title')}</h1>
        <p>{t('wall.access')}</p>
        {wrong && <ErrorSummary complaints={[{ target: 'token', words: t('wall.access_wrong') }]} />}
        <Field id="token" label={t('wall.token')} hint={t('wall.token_hint')}>
          {(props) => <input {...props} type="password" autocomplete="off" required value={given} onInput={(event) => setGiven(event.currentTarget.value)} />}
        </Field>
        <Button type="submit" kind="primary" wide icon="login">{t('wall.open')}</Button>
      </form>
    </main>
  );
}

