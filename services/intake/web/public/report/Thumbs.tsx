/** The photos and sounds of a draft, small, each with its time and place. */
import { useEffect, useMemo } from 'preact/hooks';
import { moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Icon, toast } from '@web/ui/kit';
import type { Media } from '../store';
import { dropMedia, frozen, media } from './draft';

export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

export function Thumbs({ still }: { still?: boolean }) {
  if (!media.value.length) return null;
  return (
    <ul class="thumbs plain" aria-label={t('photo.list')}>
      {media.value.map((each, n) => <li key={each.id}><Thumb media={each} place={n + 1} still={still || frozen.value} /></li>)}
    </ul>
  );
}

function Thumb({ media: each, place, still }: { media: Media; place: number; still?: boolean }) {
  const url = useMemo(() => URL.createObjectURL(new Blob([each.bytes], { type: each.type })), [each.id]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const when = each.captured_at ? moment(each.captured_at) : '';
  const name = each.kind === 'image' ? t('photo.nth', { n: place }) : t('sound.nth', { n: place });
  return (
    <figure class="thumb">
      {each.kind === 'image' ? <img src={url} alt={`${name}${when ? `, ${when}` : ''}`} /> : <audio src={url} controls aria-label={name} />}
      <figcaption class="small num">
        {each.kind === 'audio' && each.duration_ms ? `${clock(each.duration_ms / 1000)} · ` : ''}
        {when}
        {each.accuracy_m ? ` · ±${each.accuracy_m} m` : ''}
        {each.old && <span class="chip soon"><Icon name="clock" />{t('photo.old')}</span>}
      </figcaption>
      {!still && <button type="button" class="btn icon-only remove" aria-label={t('photo.remove', { name })} onClick={() => void dropMedia(each.id).then((gone) => gone || toast(t('frozen.elsewhere')))}><Icon name="x" /></button>}
    </figure>
  );
}
