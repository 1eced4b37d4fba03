/** One to five stars: radio buttons, so that keys and screen readers have them too. */
import { t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';

export function Stars({ name, legend, score, onChoose }: { name: string; legend: string; score: number; onChoose: (score: number) => void }) {
  return (
    <fieldset class="stars">
      <legend>{legend}</legend>
      {[1, 2, 3, 4, 5].map((n) => (
        <label key={n} class={n <= score ? 'on' : ''}>
          <input type="radio" name={name} value={n} checked={score === n} onChange={() => onChoose(n)} class="hidden-visually" />
          <Icon name="star" label={t('act.star', { n })} />
        </label>
      ))}
    </fieldset>
  );
}
