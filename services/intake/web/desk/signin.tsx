/** The way in: with name and password, again over a page, and a password of one's own at first. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { t } from '@web/core/i18n';
import {
  Button, type Complaint, Dialog, ErrorSummary, Field, LanguageButton, wordsOf,
} from '@web/ui/kit';
import { Heading } from './parts';
import { usePress } from './pressing';
import { asked, changePassword, me, signIn, signOut } from './session';

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

/** What a form misses, by the id of the field; said anew in the language that is chosen later. */
const MISSING: Readonly<Record<string, string>> = {
  'signin-name': 'signin.name_missing',
  'signin-password': 'signin.password_missing',
  'current-password': 'signin.current_missing',
  'new-password': 'signin.new_short',
};
const SHORTEST = 12; // characters of a password

/** What is to be said over a form: what it misses, or else why the server refused it. */
function complaintsOf(missing: readonly string[], refused: unknown, about: string): Complaint[] {
  if (missing.length) return missing.map((target) => ({ target, words: t(MISSING[target]!) }));
  return refused === null ? [] : [{ target: about, words: wordsOf(refused) }];
}

function SignInForm({ username = '' }: { username?: string }): JSX.Element {
  const [name, setName] = useState(username);
  const [password, setPassword] = useState('');
  const [busy, press] = usePress();
  const [error, setError] = useState<unknown>(null);
  const [missing, setMissing] = useState<readonly string[]>([]);
  const submit = (event: Event): void => {
    event.preventDefault();
    const found = [!name.trim() && 'signin-name', !password && 'signin-password'].filter((each) => each !== false);
    setMissing(found);
    setError(null);
    if (!found.length) void press(() => signIn(name.trim(), password).catch(setError));
  };
  const flaw = (id: string): string | undefined => missing.includes(id) ? t(MISSING[id]!) : undefined;
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <ErrorSummary complaints={complaintsOf(missing, error, 'signin-name')} />
      <Field id="signin-name" label={t('signin.username')} error={flaw('signin-name')}>
        {(given) => <input {...given} autocomplete="username" autocapitalize="none" spellcheck={false} required value={name} onInput={(event) => setName(event.currentTarget.value)} />}
      </Field>
      <Field id="signin-password" label={t('signin.password')} error={flaw('signin-password')}>
        {(given) => <input {...given} type="password" autocomplete="current-password" required value={password} onInput={(event) => setPassword(event.currentTarget.value)} />}
      </Field>
      <Button type="submit" kind="primary" wide icon="login" busy={busy}>{t('signin.submit')}</Button>
    </form>
  );
}

/** The first thing that a new account must do. */
export function ChangePassword(): JSX.Element {
  return (
    <main id="main" class="signin" tabIndex={-1}>
      <div class="card raised">
        <Heading title={t('signin.change_submit')}>{t('signin.change_submit')}</Heading>
        <p>{t('signin.change')}</p>
        <ChangeForm />
        <div class="row between">
          <LanguageButton />
          <Button kind="quiet" icon="logout" onClick={() => void signOut()}>{t('signout')}</Button>
        </div>
      </div>
    </main>
  );
}

function ChangeForm(): JSX.Element {
  const [current, setCurrent] = useState('');
  const [chosen, setChosen] = useState('');
  const [refused, setRefused] = useState<unknown>(null);
  const [missing, setMissing] = useState<readonly string[]>([]);
  const [busy, press] = usePress();
  const submit = (event: Event): void => {
    event.preventDefault();
    const short = [...chosen].length < SHORTEST;
    const found = [!current && 'current-password', short && 'new-password'].filter((each) => each !== false);
    setMissing(found);
    setRefused(null);
    if (!found.length) void press(() => changePassword(current, chosen).catch(setRefused));
  };
  const code = refused instanceof ApiError ? refused.code : '';
  const about = code === 'wrong_credentials' ? 'current-password' : 'new-password';
  const complaints = complaintsOf(missing, refused, about);
  const atField = missing.length > 0 || ['wrong_credentials', 'invalid_account'].includes(code);
  const flaw = (id: string): string | undefined =>
    atField ? complaints.find((each) => each.target === id)?.words : undefined;
  return (
    <form class="stack" onSubmit={submit} noValidate>
      <ErrorSummary complaints={complaints} />
      <Field id="current-password" label={t('signin.current_password')} error={flaw('current-password')}>
        {(given) => <input {...given} type="password" autocomplete="current-password" required value={current} onInput={(event) => setCurrent(event.currentTarget.value)} />}
      </Field>
      <Field id="new-password" label={t('signin.new_password')} hint={t('signin.new_hint')} error={flaw('new-password')}>
        {(given) => <input {...given} type="password" autocomplete="new-password" required value={chosen} onInput={(event) => setChosen(event.currentTarget.value)} />}
      </Field>
      <Button type="submit" kind="primary" wide busy={busy}>{t('signin.change_submit')}</Button>
    </form>
  );
}
