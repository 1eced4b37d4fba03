/** The applicant says which of the missing papers they have brought; only with the dossier's secret. */
import { useState } from 'preact/hooks';
import { call } from '@web/core/api';
import { type Bilingual, both, t } from '@web/core/i18n';
import { Button, Field, FieldError, toast, wordsOf } from '@web/ui/kit';

export interface Paper {
  id: string;
  name: Bilingual;
  asked_for: boolean;
}

interface SupplyProps<View> {
  number: string;
  token: string;
  asked: readonly Paper[];
  onDone: (after: View) => void;
}

export function Supply<View>({ number, token, asked, onDone }: SupplyProps<View>) {
  const [brought, setBrought] = useState<readonly string[]>([]);
  const [text, setText] = useState('');
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const turn = (id: string): void => setBrought((now) => (now.includes(id) ? now.filter((each) => each !== id) : [...now, id]));
  const send = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy) return;
    if (!brought.length) return setError(t('dossier.supply.none'));
    setBusy(true);
    setError('');
    try {
      const { data } = await call<View>(`onestop/dossiers/${encodeURIComponent(number)}/supply`, { body: { papers: brought, text: text.trim() }, token });
      toast(t('dossier.supplied'));
      onDone(data);
    } catch (failed) {
      setError(wordsOf(failed));
    }
    setBusy(false);
  };
  return (
    <form class="stack small-gap" noValidate onSubmit={send}>
      <fieldset class="stack small-gap" aria-describedby={error ? 'supply-error' : 'supply-hint'}>
        <legend><b>{t('dossier.supply')}</b></legend>
        <p class="hint" id="supply-hint">{t('dossier.supply.hint')}</p>
        {asked.map((each) => (
          <label class="check" key={each.id}>
            <input type="checkbox" checked={brought.includes(each.id)} onChange={() => turn(each.id)} />
            <span>{both(each.name)}</span>
          </label>
        ))}
        {error && <FieldError id="supply-error" words={error} />}
      </fieldset>
      <Field id="supply-text" label={t('act.yes.text')} optional>
        {(given) => <textarea {...given} rows={2} maxLength={2000} value={text} onInput={(event) => setText(event.currentTarget.value)} />}
      </Field>
      <Button type="submit" kind="primary" icon="send" wide busy={busy}>{t('dossier.supply.send')}</Button>
    </form>
  );
}
