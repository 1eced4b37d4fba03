/** For the reporter on another device: the private link, or its key, typed by hand. */
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Field } from '@web/ui/kit';
import { tokenIn } from '../logic/token';
import { Refused, useOnce } from '../once';
import { receiptOf } from '../store';
import { keepToken } from './token';

export function OwnToken({ code, onKept }: { code: string; onKept: () => void }) {
  const [typed, setTyped] = useState('');
  const [wrong, setWrong] = useState<'' | 'track.own.empty' | 'track.own.wrong' | 'error.network'>('');
  const opening = useOnce();
  const open = async (): Promise<void> => {
    const token = tokenIn(typed);
    setWrong('');
    if (!token) return setWrong('track.own.empty');
    const { good } = await keepToken(code, token, (await receiptOf(code).catch(() => null)) ?? null);
    if (good) onKept();
    else setWrong(good === null ? 'error.network' : 'track.own.wrong');
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    void opening.run(open);
  };
  return (
    <details class="own-token">
      <summary>{t('track.own')}</summary>
      <form class="stack small-gap" noValidate onSubmit={submit}>
        <Field id="own-token" label={t('track.own.label')} hint={t('track.own.hint')} error={wrong ? t(wrong) : undefined}>
          {(given) => <input {...given} type="text" autocomplete="off" autocapitalize="none" spellcheck={false} maxLength={300} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
        </Field>
        <Refused error={opening.failed} />
        <Button type="submit" busy={opening.busy}>{t('track.own.open')}</Button>
      </form>
    </details>
  );
}
