/** At the first step: that reports which were begun before are still kept here. */
import { useEffect, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { openDrafts } from '../outgoing';
import { drafts } from '../store';
import { draft } from './draft';

export function Others() {
  const [n, setN] = useState(0);
  const { id } = draft.value; // what is on the screen is no other
  useEffect(() => void drafts().then((all) => setN(all.filter((each) => each.id !== id).length)).catch(() => undefined), [id, openDrafts.value]);
  if (!n) return null;
  return <p class="others"><a href="/mine"><Icon name="history" />{t('drafts.others', { n })}</a></p>;
}
