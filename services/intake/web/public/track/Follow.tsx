/** Follow a report of somebody else: one press, no account; how to be told is asked afterwards. */
import { call } from '@web/core/api';
import { t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { Button, toast } from '@web/ui/kit';
import { Refused, useOnce } from '../once';
import { type Receipt, keepReceipt, receiptOf } from '../store';

const keys = new Map<string, string>(); // by code, until an answer came: pressed again it counts once

/** Count this device among the followers and keep its secret; throws ApiError.
 Who has a secret of this report keeps it: the reporter's own shows more, a follower counts once. */
export async function startFollowing(code: string): Promise<Receipt> {
  const known = await receiptOf(code);
  if (known) return known;
  const key = keys.get(code) ?? uuid();
  keys.set(code, key);
  const { data } = await call<{ follow_token: string }>(`reports/${code}/follow`, { method: 'POST', key });
  const receipt: Receipt = { code, draft_id: '', token: data.follow_token, kind: 'followed', at: Date.now(), answer: null };
  await keepReceipt(receipt);
  keys.delete(code);
  return receipt;
}

export function Follow({ code, onFollowed }: { code: string; onFollowed: (receipt: Receipt) => void }) {
  const following = useOnce();
  const follow = async (): Promise<void> => {
    onFollowed(await startFollowing(code));
    toast(t('similar.followed'));
  };
  return (
    <section class="card" aria-label={t('follow.start')}>
      <div class="stack small-gap">
        <Button id="follow" kind="primary" wide icon="bell" busy={following.busy} onClick={() => void following.run(follow)}>{t('follow.start')}</Button>
        <p class="hint">{t('follow.why')}</p>
        <Refused error={following.failed} />
      </div>
    </section>
  );
}
