/** A private tab, or storage that is blocked: nothing is kept here, so nothing can be sent. */
import { t } from '@web/core/i18n';
import { Note } from '@web/ui/kit';

export function Storeless() {
  return <Note kind="bad" icon="alert-triangle" role="alert">{t('storage.none')} <a href="tel:1022">1022</a></Note>;
}
