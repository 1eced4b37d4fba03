/** One chip everywhere: what is on its way is never called sent. Its state is read out, not every per cent. */
import { t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { going, progress } from '../outgoing';

export function SendingChip({ draftId }: { draftId: string }) {
  const state = going.value.find((each) => each.draft_id === draftId)?.state ?? 'waiting';
  const part = Math.round((progress.value[draftId] ?? 0) * 100);
  const icon = { waiting: 'cloud-off', sending: 'cloud-upload', review: 'alert-triangle', stale: 'clock' }[state];
  const look = { waiting: 'held', sending: 'in_progress', review: 'overdue', stale: 'soon' }[state];
  return (
    <span class={`chip ${look}`} data-sending={state}>
      <Icon name={icon} />
      <span role="status">{t(`queue.${state}`)}</span>
      {state === 'sending' && <span class="num" aria-hidden="true">{part} %</span>}
    </span>
  );
}
