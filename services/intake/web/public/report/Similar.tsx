/** "Đã có người báo?": follow a known case instead of sending a twin. */
import { call } from '@web/core/api';
import { moment } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { Button, StateChip, toast, wordsOf } from '@web/ui/kit';
import { useState } from 'preact/hooks';
import { go } from '../router';
import { keepReceipt } from '../store';
import { useSimilar } from './StepWhat';
import { change, discard, draft } from './draft';

export function Similar({ online }: { online: boolean }) {
  const found = useSimilar(online);
  const [busy, setBusy] = useState('');
  if (!online) return <p class="hint" role="status">{t('similar.offline')}</p>;
  if (!found?.length || draft.value.lone) return null;
  const follow = async (code: string): Promise<void> => {
    setBusy(code);
    try {
      const { data } = await call<{ follow_token: string }>(`reports/${code}/follow`, { method: 'POST', key: uuid() });
      await keepReceipt({ code, draft_id: '', token: data.follow_token, kind: 'followed', at: Date.now(), answer: null });
      await discard();
      toast(t('similar.followed'));
      go(`/r/${code}`);
    } catch (error) {
      toast(wordsOf(error));
    } finally {
      setBusy('');
    }
  };
  return (
    <section class="card similar stack" aria-labelledby="similar-title">
      <h2 id="similar-title">{t('similar.title', { n: found.length })}</h2>
      <ul class="plain stack">
        {found.map((each) => (
          <li key={each.code} class="row between">
            <span>
              <StateChip state={each.state} /> <b>{both(each.category_name)}</b>
              <br />
              <span class="hint num">{t('similar.where', { m: each.distance_m, at: moment(each.received_at) })}</span>
            </span>
            <Button busy={busy === each.code} icon="bell" onClick={() => void follow(each.code)}>{t('similar.follow')}</Button>
          </li>
        ))}
      </ul>
      <Button wide onClick={() => change({ lone: true })}>{t('similar.new')}</Button>
    </section>
  );
}
