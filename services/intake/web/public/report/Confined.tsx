/** In the browser inside another application, and where no worker may be, nothing is there without a network. */
import { t } from '@web/core/i18n';
import { Note } from '@web/ui/kit';

const INSIDE = /\bFBA[NV]\b|\bInstagram\b|\bZalo\b/; // as they name themselves; what they store may end with them

export function Confined() {
  if ('serviceWorker' in navigator && !INSIDE.test(navigator.userAgent)) return null;
  return <Note icon="info-circle">{t('browser.confined')}</Note>;
}
