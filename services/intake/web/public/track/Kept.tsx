/** A report whose server does not answer now: what this phone has kept of it. */
import { moment, time, weekday } from '@web/core/dates';
import { both, sentence, t } from '@web/core/i18n';
import { Button, Note } from '@web/ui/kit';
import { unitName } from '../catalogue';
import type { Receipt } from '../store';

export function Kept({ receipt, onRetry }: { receipt: Receipt; onRetry: () => void }) {
  const { answer } = receipt;
  return (
    <div class="stack" data-kept>
      <Note kind="warn" icon="cloud-off" role="status">
        <p>{t('track.kept')}</p>
        <Button icon="refresh" onClick={onRetry}>{t('retry')}</Button>
      </Note>
      <section class="card stack" aria-labelledby="promise-title">
        <h2 id="promise-title">{t('track.promise')}</h2>
        {answer
          ? <p class="promise">{t('receipt.received', { at: `${time(answer.received_at)} ${weekday(answer.received_at)}` })} {sentence(both(answer.promise))}</p>
          : <p class="num">{t('track.kept.since', { at: moment(receipt.at) })}</p>}
        {answer?.['unit'] ? <p>{t('receipt.unit')} <b>{both(unitName(String(answer['unit'])))}</b></p> : null}
        <p class="hint">{t(receipt.kind === 'own' ? 'receipt.keep.short' : 'track.followed')}</p>
      </section>
    </div>
  );
}
