/** Report in under a minute: photo, place, what, send. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, ErrorSummary, Failed, Icon, Loading, Note, toast } from '@web/ui/kit';
import { catalogue, failure, loadCatalogue } from '../catalogue';
import { arrive } from '../router';
import { Receipt } from './Receipt';
import { Review } from './Review';
import { type Wrong, discard, draft, freeze, goStep, media, restore, restored, savedAt, wrongs } from './draft';
import { StepPhoto } from './StepPhoto';
import { StepPlace } from './StepPlace';
import { StepSend } from './StepSend';
import { StepWhat } from './StepWhat';

const sent = signal<string | null>(null); // the draft whose receipt is shown
const complaints = signal<Wrong[]>([]);
const ready = signal(false);
const online = signal(navigator.onLine);
addEventListener('online', () => (online.value = true));
addEventListener('offline', () => (online.value = false));

export function ReportPage() {
  useEffect(() => {
    if (!ready.value) void restore().catch(() => undefined).finally(() => (ready.value = true));
    const hidden = (): void => void (document.visibilityState === 'hidden' && import('./draft').then((d) => d.saveNow()));
    document.addEventListener('visibilitychange', hidden);
    return () => document.removeEventListener('visibilitychange', hidden);
  }, []);
  if (sent.value) return <Receipt draftId={sent.value} onAnother={() => (sent.value = null)} />;
  if (!ready.value) return <Loading />;
  if (!catalogue.value && failure.value) return <><h1>{t('step.1.title')}</h1><Failed error={failure.value} onRetry={() => void loadCatalogue()} /></>;
  return <Steps />;
}

function Steps() {
  const { step } = draft.value;
  const [busy, setBusy] = useState(false);
  useEffect(() => arrive(`${complaints.value.length ? `${t('error.prefix')} ` : ''}${t(`step.${step}.title`)} · ${t('app.name')}`, step > 1), [step]);

  const next = async (): Promise<void> => {
    const wrong = wrongs(draft.value, media.value).filter((each) => (step === 4 ? true : each.step === step && each.target !== 'take-photo'));
    complaints.value = wrong;
    if (wrong.length) {
      if (wrong[0]!.step !== step) await goStep(wrong[0]!.step);
      return;
    }
    if (step < 4) return goStep(step + 1);
    setBusy(true);
    try {
      sent.value = await freeze();
      scrollTo(0, 0);
    } catch {
      toast(t('storage.failed'));
    } finally {
      setBusy(false);
    }
  };
  const back = async (): Promise<void> => {
    complaints.value = [];
    await goStep(step - 1);
  };
  const here = complaints.value.filter((each) => each.step === step);
  const errorOf = (target: string): string | undefined => here.find((each) => each.target === target)?.words;
  return (
    <div class="two">
      <form class="form stack" noValidate onSubmit={(event) => { event.preventDefault(); void next(); }}>
        <div class="row between steps">
          {step > 1 ? <Button kind="quiet" icon="chevron-left" onClick={() => void back()}>{t('back')}</Button> : <span />}
          <span class="hint">{t('step.of', { n: step })}</span>
          <span class="hint saved" role="status">{savedAt.value && <><Icon name="check" />{t('saved', { at: savedAt.value })}</>}</span>
        </div>
        <progress class="hidden-visually" max={4} value={step} aria-label={t('step.of', { n: step })} />
        <ol class="dots plain" aria-hidden="true">{[1, 2, 3, 4].map((n) => <li key={n} class={n < step ? 'done' : n === step ? 'now' : ''}>{t(`step.${n}.dot`)}</li>)}</ol>
        {!online.value && <Note kind="warn" icon="cloud-off" role="status">{t('offline.note')}</Note>}
        {restored.value && step >= 1 && <Restored />}
        <ErrorSummary complaints={here} />
        <h1 tabIndex={-1}>{t(`step.${step}.title`)}</h1>
        {step === 1 && <StepPhoto />}
        {step === 2 && <StepPlace error={errorOf('address')} />}
        {step === 3 && <StepWhat errorOf={errorOf} online={online.value} />}
        {step === 4 && <StepSend errorOf={errorOf} />}
        <Button kind="primary" large wide type="submit" busy={busy} icon={step === 4 ? 'send' : undefined}>{t(step === 4 ? 'send' : 'next')}</Button>
      </form>
      <aside class="beside" aria-label={t('review.title')}><Review /></aside>
    </div>
  );
}

function Restored() {
  return (
    <Note icon="history" role="status">
      <p>{t('restored', { at: restored.value })}</p>
      <Button kind="quiet" onClick={() => void discard()}>{t('restored.discard')}</Button>
    </Note>
  );
}
