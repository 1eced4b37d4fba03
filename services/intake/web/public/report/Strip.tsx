/** On every page: what is on its way from this phone, and the code of what has just arrived. */
import { t } from '@web/core/i18n';
import { Button, Icon } from '@web/ui/kit';
import { going, seen, unseen } from '../outgoing';
import { path } from '../router';
import { SendingChip } from './SendingChip';
import { sent } from './shown';

export function Strip() {
  if (path.value === '/mine') return null; // there it is a list of its own
  const receipt = path.value === '/' ? sent.value : null; // its own page says more
  const moving = going.value.filter((each) => each.draft_id !== receipt);
  const arrived = unseen.value.filter((each) => each.draft_id !== receipt && path.value !== `/r/${each.code}`);
  if (!moving.length && !arrived.length) return null;
  return (
    <section class="strip" aria-label={t('strip.label')}>
      {moving.map((each) => <a key={each.draft_id} class="row" href="/mine"><SendingChip draftId={each.draft_id} /><span>{t('strip.open')}</span></a>)}
      {arrived.map((each) => (
        <p key={each.code} class="row" role="status">
          <a class="chip resolved" href={`/r/${each.code}`} data-arrived={each.code}><Icon name="circle-check" />{t('strip.sent', { code: each.code })}</a>
          <Button kind="quiet" icon="x" aria-label={t('strip.close', { code: each.code })} onClick={() => void seen(each.code)} />
        </p>
      ))}
    </section>
  );
}
