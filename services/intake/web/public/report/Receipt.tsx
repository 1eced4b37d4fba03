/** After "Gửi": what is on its way, and the receipt once the server has it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { time, weekday } from '@web/core/dates';
import { both, sentence, t } from '@web/core/i18n';
import { Button, Icon, Loading, Note, toast } from '@web/ui/kit';
import { unitName } from '../catalogue';
import { going, progress, push } from '../outgoing';
import { arrive } from '../router';
import { type Receipt as Kept, draftOf, mediaOf, receiptOfDraft, removeDraft, takeBack } from '../store';
import { draft, media } from './draft';

export function Receipt({ draftId, onAnother }: { draftId: string; onAnother: () => void }) {
  const [receipt, setReceipt] = useState<Kept | null>(null);
  const sending = going.value.find((each) => each.draft_id === draftId);
  useEffect(() => void (!sending && receiptOfDraft(draftId).then((found) => setReceipt(found ?? null))), [sending?.state, going.value.length]);
  if (receipt) return <Arrived receipt={receipt} onAnother={onAnother} />;
  if (!sending) return <Loading />;
  return sending.state === 'review' ? <NeedsYou draftId={draftId} onBack={onAnother} /> : <OnTheWay draftId={draftId} onAnother={onAnother} />;
}

function OnTheWay({ draftId, onAnother }: { draftId: string; onAnother: () => void }) {
  const sending = going.value.find((each) => each.draft_id === draftId)!;
  const part = progress.value[draftId] ?? 0;
  useEffect(() => arrive(`${t('queue.title')} · ${t('app.name')}`), []);
  return (
    <div class="form stack">
      <h1 tabIndex={-1}>{t('queue.title')}</h1>
      <SendingChip draftId={draftId} />
      {sending.state === 'sending' && <><progress class="bar" max={1} value={part} aria-label={t('queue.progress')} /><p class="num">{t('queue.part', { n: Math.round(part * 100) })}</p></>}
      <Note kind="warn" icon="cloud-off" role="status">{t('queue.offline')}</Note>
      <div class="row">
        <Button kind="primary" icon="refresh" onClick={() => void push(true)}>{t('queue.again')}</Button>
        <Button onClick={onAnother}>{t('receipt.another')}</Button>
      </div>
    </div>
  );
}

/** One chip everywhere: what is on its way is never called sent. */
export function SendingChip({ draftId }: { draftId: string }) {
  const state = going.value.find((each) => each.draft_id === draftId)?.state ?? 'waiting';
  const part = Math.round((progress.value[draftId] ?? 0) * 100);
  const icon = { waiting: 'cloud-off', sending: 'cloud-upload', review: 'alert-triangle', stale: 'clock' }[state];
  const look = { waiting: 'held', sending: 'in_progress', review: 'overdue', stale: 'soon' }[state];
  return <span class={`chip ${look}`} role="status" data-sending={state}><Icon name={icon} />{t(`queue.${state}`)}{state === 'sending' ? ` ${part} %` : ''}</span>;
}

function NeedsYou({ draftId, onBack }: { draftId: string; onBack: () => void }) {
  const problem = going.value.find((each) => each.draft_id === draftId)?.problem;
  useEffect(() => arrive(`${t('error.prefix')} ${t('queue.review')} · ${t('app.name')}`), []);
  const mend = async (): Promise<void> => {
    const found = await draftOf(draftId);
    if (!found) return;
    await takeBack(draftId); // what is mended is another report: it gets a key of its own
    draft.value = { ...found, step: 4 };
    media.value = await mediaOf(draftId);
    onBack();
  };
  return (
    <div class="form stack">
      <h1 tabIndex={-1}>{t('queue.review')}</h1>
      <Note kind="bad" icon="alert-triangle" role="alert">
        <p>{problem?.words}</p>
        <ul>{problem?.errors.map((each) => <li key={each.field + each.code}>{each.detail}</li>)}</ul>
      </Note>
      <div class="row">
        <Button kind="primary" onClick={() => void mend()}>{t('queue.mend')}</Button>
        <Button kind="danger" onClick={() => void removeDraft(draftId).then(onBack)}>{t('queue.drop')}</Button>
      </div>
    </div>
  );
}

function Arrived({ receipt, onAnother }: { receipt: Kept; onAnother: () => void }) {
  const answer = receipt.answer!;
  const link = `${location.origin}/r/${receipt.code}`;
  const title = useRef<HTMLHeadingElement>(null);
  useEffect(() => arrive(`${t('receipt.title')} · ${t('app.name')}`), []);
  const copy = (): void => void navigator.clipboard?.writeText(receipt.code).then(() => toast(t('receipt.copied')));
  const share = (): void => void navigator.share?.({ title: t('app.name'), text: `${t('receipt.code')} ${receipt.code}`, url: link }).catch(() => undefined);
  return (
    <div class="form stack receipt">
      <div class="tick"><Icon name="circle-check" large /></div>
      <h1 tabIndex={-1} ref={title}>{t('receipt.title')}</h1>
      <p class="code num" data-testid="code">{receipt.code}</p>
      <div class="row centre">
        <Button icon="copy" onClick={copy}>{t('receipt.copy')}</Button>
        {'share' in navigator && <Button icon="share" onClick={share}>{t('receipt.share')}</Button>}
        <a class="btn" href={`mailto:?subject=${encodeURIComponent(receipt.code)}&body=${encodeURIComponent(`${receipt.code}\n${link}`)}`}><Icon name="send" /><span>{t('receipt.mail')}</span></a>
      </div>
      <div class="card stack">
        <p class="promise">{t('receipt.received', { at: `${time(answer.received_at)} ${weekday(answer.received_at)}` })} {sentence(both(answer.promise))}</p>
        {answer['unit'] ? <p>{t('receipt.unit')} <b>{both(unitName(String(answer['unit'])))}</b></p> : <p>{t('receipt.routing')}</p>}
        <figure class="qr">
          <img src={`/api/v1/reports/${receipt.code}/qr.svg`} width="148" height="148" alt={t('receipt.qr', { code: receipt.code })} />
          <figcaption class="small">{t('receipt.keep')}</figcaption>
        </figure>
      </div>
      {Array.isArray(answer['emergency']) && answer['emergency'].length > 0 && <Note kind="bad" icon="phone">{t('emergency.sent')}</Note>}
      {answer['state'] === 'held' && <Note kind="warn" icon="hourglass">{t('held')}</Note>}
      <h2>{t('receipt.next')}</h2>
      <ol class="next"><li>{t('receipt.next.1')}</li><li>{t('receipt.next.2')}</li><li>{t('receipt.next.3')}</li></ol>
      <a class="btn primary large wide" href={`/r/${receipt.code}`}>{t('receipt.track')}</a>
      <Button wide onClick={onAnother}>{t('receipt.another')}</Button>
    </div>
  );
}
