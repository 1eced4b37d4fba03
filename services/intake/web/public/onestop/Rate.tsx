/** The clerk's rating; the server may answer a low one with an offer. */
import { useState } from 'preact/hooks';
import { call } from '@web/core/api';
import { type Bilingual, t } from '@web/core/i18n';
import { Button, Field, toast } from '@web/ui/kit';
import { Refused, useOnce } from '../once';
import { Stars } from '../stars';
import type { Held } from './model';

/** What a low rating may lead to: a report about the attitude, whose identity is sealed. */
export interface Offer {
  page: string;
  text: Bilingual;
}

export function Rate({ held, onDone }: { held: Held; onDone: (offer: Offer | null) => void }) {
  const [score, setScore] = useState(0);
  const [reason, setReason] = useState('');
  const rating = useOnce();
  const rate = async (): Promise<void> => {
    const { data } = await call<{ offer: Offer | null }>(`onestop/tickets/${held.id}/rating`, { body: { score, reason }, token: held.token });
    toast(t('act.thanks'));
    onDone(data.offer);
  };
  return (
    <div class="stack small-gap">
      <Stars name="clerk" legend={t('ticket.rate')} score={score} onChoose={setScore} />
      <Field label={t('act.yes.text')} optional>{(given) => <input {...given} type="text" maxLength={300} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />}</Field>
      <Refused error={rating.failed} />
      <Button kind="primary" busy={rating.busy || !score} onClick={() => void rating.run(rate)}>{t('act.rate')}</Button>
    </div>
  );
}
