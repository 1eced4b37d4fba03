/** The one-stop counter: where my dossier stands, my number and how long it takes, the clerk's rating. */
import { t } from '@web/core/i18n';
import { useArrival } from '../router';
import { Dossier } from './Dossier';
import { Number } from './Number';

export default function OnestopPage() {
  useArrival(`${t('onestop.title')} · ${t('app.name')}`);
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('onestop.title')}</h1>
      <div class="onestop">
        <Number />
        <Dossier />
      </div>
    </div>
  );
}
