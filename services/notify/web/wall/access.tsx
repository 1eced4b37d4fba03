/** How a screen gets in: a token of its own, or somebody's account. Nothing of it is in a URL. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { signal } from '@preact/signals';
import { t } from '@web/core/i18n';
import { Button, ErrorSummary, Field, LanguageButton } from '@web/ui/kit';

const KEPT = 'wall.token';
export const token = signal<string | null>(typeof localStorage === 'undefined' ? null : localStorage.getItem(KEPT));
export const locked = signal(false);

function keep(given: string): void {
  localStorage.setItem(KEPT, given);
  token.value = given;
  locked.value = false;
}

type Entry = 'in' | 'refused' | 'away';

async function tried(given: string): Promise<Entry> {
  const headers: Record<string, string> = given ? { Authorization: `Bearer ${given}` } : {};
  const answer = await fetch('/api/v1/ioc/summary', { headers }).catch(() => null);
  if (answer?.ok) return 'in';
  return answer?.status === 401 || answer?.status === 403 ? 'refused' : 'away';
}

const AGAIN_MS = 30_000;

/** Nobody stands at a wall at night: what was refused for a while is tried again by itself. */
function useAnotherTry(): void {
  useEffect(() => {
    const kept = token.value;
    const again = setInterval(() => {
      void tried(kept ?? '').then((entry) => {
        if (entry === 'in') locked.value = false;
      });
    }, AGAIN_MS);
    return () => clearInterval(again);
  }, []);
}

export function Access(): JSX.Element {
  const [given, setGiven] = useState('');
  const [refused, setRefused] = useState<string | null>(token.value ? 'wall.access_expired' : null);
  useAnotherTry();
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (!given.trim()) return setRefused('wall.token_missing');
    const entry = await tried(given.trim());
    if (entry === 'in') keep(given.trim());
    else setRefused(entry === 'refused' ? 'wall.access_wrong' : 'wall.access_away');
  };
  const flaw = refused && refused !== 'wall.access_away' ? t(refused) : undefined;
  return (
    <main id="main" class="access" tabIndex={-1}>
      <form class="card raised stack" onSubmit={submit} noValidate>
        <h1>{t('wall.title')}</h1>
        <p>{t('wall.access')}</p>
        {refused && <ErrorSummary complaints={[{ target: 'token', words: t(refused) }]} />}
        <Field id="token" label={t('wall.token')} hint={t('wall.token_hint')} error={flaw}>
          {(props) => <input {...props} type="password" autocomplete="off" required value={given} onInput={(event) => setGiven(event.currentTarget.value)} />}
        </Field>
        <Button type="submit" kind="primary" wide icon="login">{t('wall.open')}</Button>
        <div class="row"><LanguageButton /></div>
      </form>
    </main>
  );
}

