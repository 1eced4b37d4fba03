/** What this phone knows: drafts, what is on its way, receipts; and a code typed by hand. */
import { useEffect, useState } from 'preact/hooks';
import { moment } from '@web/core/dates';
import { both, sentence, t } from '@web/core/i18n';
import { Button, Empty, Loading, toast } from '@web/ui/kit';
import { needsPerson } from '../logic/queue';
import { going, openDrafts, push, seen, storeless, unseen } from '../outgoing';
import { SendingChip } from '../report/SendingChip';
import { Storeless } from '../report/Storeless';
import { Stuck } from '../report/Stuck';
import { discard } from '../report/draft';
import { go, useArrival } from '../router';
import { CodeForm } from './CodeForm';
import { type Draft, type Receipt, drafts, receipts, removeReceipt } from '../store';

export default function MinePage() {
  const [open, setOpen] = useState<Draft[] | null>(null);
  const [kept, setKept] = useState<Receipt[]>([]);
  const load = async (): Promise<void> => {
    setKept(await receipts().catch(() => []));
    setOpen(await drafts().catch(() => []));
  };
  const drop = async (id: string): Promise<void> => {
    if (!confirm(t('mine.drop.sure'))) return;
    if (!(await discard(id))) toast(t('frozen.elsewhere'));
    await load();
  };
  useArrival(`${t('mine.title')} · ${t('app.name')}`);
  useEffect(() => void load(), [going.value.length, unseen.value.length, openDrafts.value]);
  useEffect(() => () => unseen.peek().forEach((each) => void seen(each.code)), []); // they stood in the list
  return (
    <div class="form stack">
      <h1 tabIndex={-1}>{t('mine.title')}</h1>
      <CodeForm />
      {storeless.value && <Storeless />}
      {!open ? <Loading /> : (
        <>
          {going.value.length > 0 && (
            <section class="stack" aria-labelledby="going-title">
              <h2 id="going-title">{t('mine.going')}</h2>
              {going.value.map((each) => (
                <div class="card stack small-gap" key={each.draft_id}>
                  <div class="row between"><SendingChip draftId={each.draft_id} /><span class="hint num">{moment(each.created_at)}</span>{!needsPerson(each) && <Button icon="refresh" onClick={() => void push(true)}>{t('queue.again')}</Button>}</div>
                  {needsPerson(each) && <Stuck sending={each} onMend={() => go('/')} onDrop={() => void load()} />}
                </div>
              ))}
            </section>
          )}
          {open.length > 0 && (
            <section class="stack" aria-labelledby="drafts-title">
              <h2 id="drafts-title">{t('mine.drafts')}</h2>
              {open.map((each) => <div class="card row between" key={each.id}><span class="grow clip3">{each.text || t('mine.untitled')}<br /><span class="hint num">{moment(each.updated_at)}</span></span><a class="btn" href={`/?draft=${each.id}`}>{t('mine.continue')}</a><Button icon="trash" aria-label={t('mine.drop')} onClick={() => void drop(each.id)} /></div>)}
            </section>
          )}
          <section class="stack" aria-labelledby="sent-title">
            <h2 id="sent-title">{t('mine.sent')}</h2>
            {!kept.length && <Empty icon="history"><p>{t('mine.empty')}</p></Empty>}
            {kept.map((each) => (
              <div class="card row between" key={each.code}>
                <a class="grow" href={`/r/${each.code}`}><b class="num">{each.code}</b>{each.kind === 'followed' && <> · {t('mine.followed')}</>}<br /><span class="hint">{each.answer ? sentence(both(each.answer.promise)) : moment(each.at)}</span></a>
                <Button icon="trash" aria-label={t('mine.forget', { code: each.code })} onClick={() => confirm(t('mine.forget.sure')) && void removeReceipt(each.code).then(load)} />
              </div>
            ))}
          </section>
        </>
      )}
    </div>
  );
}
