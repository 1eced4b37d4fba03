/** A new date for a result that cannot be there in time: once, with the words that say why. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Field } from '@web/ui/kit';
import { instantOf } from '../forms';
import type { Refused } from './Papers';

interface LaterProps {
  text: string;
  busy: boolean;
  onSend: (step: string, body: object) => Promise<void>;
  onRefused: (why: Refused) => void;
}

export function Later({ text, busy, onSend, onRefused }: LaterProps): JSX.Element {
  const [date, setDate] = useState('');
  const send = (): void => {
    if (!date || !text) return onRefused({ key: 'dossier.later_needs' });
    void onSend('postpone', { due_at: new Date(instantOf(date)).toISOString(), text });
  };
  return (
    <>
      <Field label={t('dossier.later')} optional>
        {(control) => (
          <input
            {...control}
            type="datetime-local"
            value={date}
            onInput={(event) => setDate(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button icon="clock" busy={busy} data-action="postpone" onClick={send}>
        {t('dossier.step.postpone')}
      </Button>
    </>
  );
}
