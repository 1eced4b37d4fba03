/** What will be sent, with a way back to each part. */
import { both, t } from '@web/core/i18n';
import { MiniMap } from '@web/map/MiniMap';
import { Button } from '@web/ui/kit';
import { areas, ground } from '../catalogue';
import { category, draft, media } from './draft';
import { toStep } from './steps';
import { Thumbs } from './Thumbs';

export function Review() {
  const { text, place, address, area } = draft.value;
  const ward = areas.value.find((each) => each.id === area);
  const where = [address, ward && both(ward.name)].filter(Boolean).join(', ');
  return (
    <div class="stack review">
      <h2 id="check-title">{t('review.title')}</h2>
      <Part title={t('step.1.short')} step={1}>{media.value.length ? <Thumbs still /> : <p class="hint">{t('review.none')}</p>}</Part>
      <Part title={t('step.2.short')} step={2}>
        {place && <MiniMap areas={ground.value} at={place} accuracyM={place.accuracy_m} />}
        <p class={where ? '' : 'hint'}>{where || (place ? t('place.unsaid') : t('review.none'))}</p>
      </Part>
      <Part title={t('step.3.short')} step={3}>
        <p><b>{both(category.value?.name)}</b></p>
        <p class={text ? 'said' : 'hint'}>{text || t('review.none')}</p>
      </Part>
    </div>
  );
}

function Part({ title, step, children }: { title: string; step: number; children: preact.ComponentChildren }) {
  return (
    <section class="part">
      <div class="row between">
        <h3>{title}</h3>
        {draft.value.step > step && <Button kind="quiet" aria-label={t('review.edit', { what: title })} onClick={() => void toStep(step)}>{t('edit')}</Button>}
      </div>
      {children}
    </section>
  );
}
