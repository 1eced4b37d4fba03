/** What happens with a report: shown beside and below the first step, while nothing is written yet. */
import { t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';

const POINTS = [['1', 'camera'], ['2', 'clock'], ['3', 'circle-check'], ['4', 'shield-lock']] as const;

export function Intro() {
  return (
    <div class="stack intro">
      <h2>{t('intro.title')}</h2>
      <ol class="plain">
        {POINTS.map(([n, icon]) => (
          <li key={n} class="row top-row">
            <span class="app-icon"><Icon name={icon} /></span>
            <p class="grow"><b>{t(`intro.${n}`)}</b><br /><span class="hint">{t(`intro.${n}.more`)}</span></p>
          </li>
        ))}
      </ol>
      <div class="row pair">
        <a class="btn" href="/mine">{t('intro.code')}</a>
        <a class="btn" href="/map">{t('intro.map')}</a>
      </div>
    </div>
  );
}
