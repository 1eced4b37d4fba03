/** One chip everywhere: what is on its way is never called sent. */
import { t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { going, progress } from '../outgoing';

export function SendingChip({ draftId }: { draftId: string }) {
  const state = going.value.find((each) => each.draft_id === draftId)?.state ?? 'waiting';
  const part = Math.round((progress.value[draftId] ?? 0) * 100);
  const icon = { waiting: 'cloud-off', sending: 'cloud-upload', review: 'alert-triangle', stale: 'clock' }[state];
  const look = { waiting: 'held', sending: 'in_progress', review: 'overdue', stale: 'soon' }[state];
  return <span class={`chip ${look}`} role="status" data-sending={state}><Icon name={icon} />{t(`queue.${state}`)}{state === 'sending' ? ` ${part} %` : ''}</span>;
}
