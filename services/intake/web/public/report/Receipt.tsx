/** After "Gửi": what is on its way, and the receipt once the server has it. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { time, weekday } from '@web/core/dates';
import { both, sentence, t } from '@web/core/i18n';
import { Button, Icon, Loading, Note, toast } from '@web/ui/kit';
import { unitName } from '../catalogue';
import { type Sending, needsPerson } from '../logic/queue';
import { going, progress, push, seen } from '../outgoing';
import { ADDING, useArrival } from '../router';
import { type Receipt as Kept, receiptOfDraft, sendingOf } from '../store';
import { SendingChip } from './SendingChip';
import { Stuck } from './Stuck';

/** `onAnother` begins another report; `onGone` is for a receipt, or a report, that is not there any more. */
export function Receipt({ draftId, onAnother, onGone }: { draftId: string; onAnother: () => void; onGone: () => void }) {
  const [receipt, setReceipt] = useState<Kept | null>(null);
  const sending = going.value.find((each) => each.draft_id === draftId);
  const look = async (): Promise<void> => {
    const found = await receiptOfDraft(draftId);
    if (found) setReceipt(found);
    else if (!(await sendingOf(draftId))) onGone(); // forgotten on this device
  };
  useEffect(() => void (!sending && look().catch(onGone)), [sending?.state, going.value.length]);
  if (receipt) return <Arrived receipt={receipt} onAnother={onAnother} />;
  if (!sending) return <Loading />;
  return needsPerson(sending) ? <NeedsYou sending={sending} onBack={onGone} /> : <OnTheWay draftId={draftId} onAnother={onAnother} />;
}

function OnTheWay({ draftId, onAnother }: { draftId: string; onAnother: () => void }) {
  const sending = going.value.find((each) => each.draft_id === draftId)!;
  const part = progress.value[draftId] ?? 0;
  useArrival(`${t('queue.title')} · ${t('app.name')}`);
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

function NeedsYou({ sending, onBack }: { sending: Sending; onBack: () => void }) {
  useArrival(`${t('error.prefix')} ${t(`queue.${sending.state}`)} · ${t('app.name')}`);
  return (
    <div class="form stack">
      <h1 tabIndex={-1}>{t(`queue.${sending.state}`)}</h1>
      <Stuck sending={sending} onMend={onBack} onDrop={onBack} />
    </div>
  );
}

function Arrived({ receipt, onAnother }: { receipt: Kept; onAnother: () => void }) {
  const answer = receipt.answer!;
  const link = `${location.origin}/r/${receipt.code}`;
  const title = useRef<HTMLHeadingElement>(null);
  useArrival(`${t('receipt.title')} · ${t('app.name')}`);
  useEffect(() => void seen(receipt.code), [receipt.code]);
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
        <Button icon="printer" onClick={() => print()}>{t('receipt.print')}</Button>
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
      <a class="btn wide" href={`/r/${receipt.code}?${ADDING}`}><Icon name="photo-plus" />{t('act.photo')}</a>
      <Button wide onClick={onAnother}>{t('receipt.another')}</Button>
    </div>
  );
}
