import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Dialog, ErrorSummary, Field, LanguageButton, wordsOf } from '@web/ui/kit';
import { Heading } from './parts';
import { usePress } from './pressing';
import { asked, changePassword, me, signIn } from './session';

/** The page before the desk. */
export function SignInPage(): JSX.Element {
  return (
    <main id="main" class="signin" tabIndex={-1}>
      <div class="card raised">
        <Heading title={t('signin.title')}>{t('signin.title')}</Heading>
        <p class="hint">{t('signin.lead')}</p>
        <SignInForm />
        <div class="row between"><LanguageButton /></div>
      </div>
    </main>
  );
}

/** The same over a page whose session ended: nothing that was written is lost. */
export function SignInAgain(): JSX.Element {
  return (
    <Dialog open={asked.value} title={t('signin.title')} stays onClose={() => undefined} foot={<span />}>
      <p>{t('signin.again')}</p>
      <SignInForm username={me.value?.username} />
    </Dialog>
  );
}

function SignInForm({ username = '' }: { username?: string }): JSX.Element {
  const [name, setName] = useState(username);
  const [password, setPassword] = useState('');
  const [busy, press] = usePress();
  const [error, setError] = useState<unknown>(null);
  const submit = (event: Event): void => {
    event.preventDefault();
    setError(null);
    void press(() => signIn(name.trim(), password).catch(setError));
  };
  return (
    <form class="stack" onSubmit={submit}>
      {error !== null && <ErrorSummary complaints={[{ target: 'signin-name', words: wordsOf(error) }]} />}
      <Field id="signin-name" label={t('signin.username')}>
        {(given) => <input {...given} autocomplete="username" autocapitalize="none" spellcheck={false} required value={name} onInput={(event) => setName(event.currentTarget.value)} />}
      </Field>
      <Field id="signin-password" label={t('signin.password')}>
        {(given) => <input {...given} type="password" autocomplete="current-password" required value={password} onInput={(event) => setPassword(event.currentTarget.value)} />}
      </Field>
      <Button type="submit" kind="primary" wide icon="login" busy={busy}>{t('signin.submit')}</Button>
    </form>
  );
}

/** The first thing that a new account must do. */
export function ChangePassword(): JSX.Element {
  const [current, setCurrent] = useState('');
  const [chosen, setChosen] = useState('');
  const [refused, setRefused] = useState<unknown>(null);
  const [busy, press] = usePress();
  const submit = (event: Event): void => {
    event.preventDefault();
    setRefused(null);
    void press(() => changePassword(current, chosen).catch(setRefused));
  };
  return (
    <main id="main" class="signin" tabIndex={-1}>
      <form class="card raised stack" onSubmit={submit}>
        <Heading title={t('signin.change_submit')}>{t('signin.change_submit')}</Heading>
        <p>{t('signin.change')}</p>
        {refused !== null && <ErrorSummary complaints={[{ target: 'new-password', words: wordsOf(refused) }]} />}
        <Field label={t('signin.password')}>
          {(given) => <input {...given} type="password" autocomplete="current-password" required value={current} onInput={(event) => setCurrent(event.currentTarget.value)} />}
        </Field>
        <Field id="new-password" label={t('signin.new_password')}>
          {(given) => <input {...given} type="password" autocomplete="new-password" required minLength={12} value={chosen} onInput={(event) => setChosen(event.currentTarget.value)} />}
        </Field>
        <Button type="submit" kind="primary" wide busy={busy}>{t('signin.change_submit')}</Button>
      </form>
    </main>
  );
}
