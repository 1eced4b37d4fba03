/** "Đã có người báo?": follow a known case instead of sending a twin. */
import { moment } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { Button, StateChip, toast, wordsOf } from '@web/ui/kit';
import { useEffect, useRef, useState } from 'preact/hooks';
import { go } from '../router';
import { type Receipt, receipts } from '../store';
import { startFollowing } from '../track/Follow';
import { useSimilar } from './StepWhat';
import { change, discard, draft } from './draft';

export function Similar({ online }: { online: boolean }) {
  const found = useSimilar(online);
  const [busy, setBusy] = useState('');
  const [mine, setMine] = useState<Receipt[]>([]);
  const left = useRef(false);
  useEffect(() => () => void (left.current = true), []);
  useEffect(() => void receipts().then(setMine, () => undefined), [found]);
  if (!online) return <p class="hint" role="status">{t('similar.offline')}</p>;
  if (!found?.length || draft.value.lone) return null;
  const follow = async (code: string): Promise<void> => {
    const { id } = draft.value;
    setBusy(code);
    try {
      await startFollowing(code);
      toast(t('similar.followed'));
      if (left.current || draft.value.id !== id) return; // who has gone on keeps the draft, and is not called back
      await discard(id);
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
        {found.map((each) => {
          const kind = mine.find((one) => one.code === each.code)?.kind;
          return (
            <li key={each.code} class="row between" data-similar={each.code}>
              <span>
                <StateChip state={each.state} /> <b>{both(each.category_name)}</b>
                {kind && <> · {t(`similar.kept.${kind}`)}</>}
                <br />
                <span class="hint num">{t('similar.where', { m: each.distance_m, at: moment(each.received_at) })}</span>
              </span>
              {kind
                ? <a class="btn" href={`/r/${each.code}`}>{t('similar.open')}</a>
                : <Button busy={busy === each.code} icon="bell" onClick={() => void follow(each.code)}>{t('similar.follow')}</Button>}
            </li>
          );
        })}
      </ul>
      <Button wide onClick={() => change({ lone: true })}>{t('similar.new')}</Button>
    </section>
  );
}
