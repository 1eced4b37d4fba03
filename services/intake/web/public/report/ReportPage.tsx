/** Report in under a minute: photo, place, what, send. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, ErrorSummary, Failed, Icon, Loading, Note, toast } from '@web/ui/kit';
import { catalogue, failure, loadCatalogue } from '../catalogue';
import { news, storeless } from '../outgoing';
import { arrivals, path, useArrival, useRefocus } from '../router';
import { Confined } from './Confined';
import { Intro } from './Intro';
import { Others } from './Others';
import { Receipt } from './Receipt';
import { Review } from './Review';
import { LAST_STEP, type Wrong, discard, draft, freeze, frozen, lookAgain, media, restore, restored, savedAt, saveNow, takeAddress, wrongs } from './draft';
import { isPreparing, prepared } from './preparing';
import { sent } from './shown';
import { StepPhoto } from './StepPhoto';
import { StepPlace, WardQuestion } from './StepPlace';
import { StepSend } from './StepSend';
import { StepWhat } from './StepWhat';
import { Storeless } from './Storeless';
import { stepBack, stepOfEntry, toStep } from './steps';
import { agree, asked } from './ward';

const complaints = signal<Wrong[]>([]);
const ready = signal(false);
const online = signal(navigator.onLine);
addEventListener('online', () => (online.value = true));
addEventListener('offline', () => (online.value = false));

let begun: Promise<void> | undefined;

/** Take up what this device keeps, once; the shell asks for it before the words are here. */
export function begin(): Promise<void> {
  begun ??= restore().catch(() => undefined).finally(() => (ready.value = true));
  return begun;
}

/** Show what the history's entry stands for: a receipt, or a step. */
async function showEntry(): Promise<void> {
  complaints.value = [];
  await takeAddress().catch(() => false);
  sent.value = (history.state as { sent?: string } | null)?.sent ?? null;
  if (!sent.value) await stepOfEntry();
}

function another(): void {
  if (!sent.value) return;
  sent.value = null;
  history.pushState({ step: draft.value.step }, '');
  scrollTo(0, 0);
}

/** A receipt that is not there any more gives its entry to the report: "back" never comes upon it again. */
function instead(): void {
  if (!sent.value || (history.state as { sent?: string } | null)?.sent !== sent.value) return; // the reader has gone on
  sent.value = null;
  history.replaceState({ step: draft.value.step }, '');
  scrollTo(0, 0);
}

export function ReportPage() {
  useEffect(() => void begin().then(showEntry), [arrivals.value]);
  useEffect(() => void lookAgain().catch(() => undefined), [news.value]);
  useEffect(() => {
    const hidden = (): void => void (document.visibilityState === 'hidden' ? saveNow() : lookAgain().catch(() => undefined));
    const popped = (): void => {
      if (location.pathname === '/') void showEntry();
    };
    document.addEventListener('visibilitychange', hidden);
    addEventListener('popstate', popped);
    return () => {
      document.removeEventListener('visibilitychange', hidden);
      removeEventListener('popstate', popped);
    };
  }, []);
  if (sent.value) return <Receipt key={sent.value} draftId={sent.value} onAnother={another} onGone={instead} />;
  if (!ready.value) return <Loading />;
  if (!catalogue.value && failure.value) return <><h1>{t('step.1.title')}</h1><Failed error={failure.value} onRetry={() => void loadCatalogue()} /></>;
  return <Steps />;
}

/** Say what is wrong, at its step; false when nothing is. */
function complain(wrong: Wrong[]): boolean {
  complaints.value = wrong;
  const [first] = wrong;
  if (first && first.step !== draft.value.step) void toStep(first.step);
  return Boolean(first);
}

/** Go on when the step is right; after the last one the report is frozen and on its way. */
function useNext(): { busy: boolean; next: () => Promise<void> } {
  const [busy, setBusy] = useState(false);
  const next = async (): Promise<void> => {
    const { id, step } = draft.value;
    const later = step < LAST_STEP || isPreparing(id); // a photo is asked for at the end, when none is on its way
    const wrong = wrongs(draft.value, media.value).filter((each) => (step === LAST_STEP || each.step === step) && !(later && each.target === 'take-photo'));
    if (complain(wrong)) return;
    if (step === 2) agree();
    if (step < LAST_STEP) return toStep(step + 1);
    setBusy(true);
    await send(id).catch(() => toast(t('storage.failed')));
    setBusy(false);
  };
  return { busy, next };
}

/** Send a report with all that was taken for it, from another page too; whoever goes a step back, or to
 another report, meanwhile has not sent it. */
async function send(id: string): Promise<void> {
  await prepared(id);
  if (draft.value.id !== id || draft.value.step !== LAST_STEP) return;
  const wrong = wrongs(draft.value, media.value);
  if (wrong.length) return void (onPage() && complain(wrong)); // elsewhere it stays a draft
  await freeze();
  if (!onPage()) return; // the strip says what is on its way
  sent.value = id;
  history.pushState({ sent: id }, ''); // a reload shows the receipt again
  scrollTo(0, 0);
}

const onPage = (): boolean => path.value === '/';

function Steps() {
  const { step } = draft.value;
  const { busy, next } = useNext();
  useArrival(`${complaints.value.length ? `${t('error.prefix')} ` : ''}${t(`step.${step}.title`)} · ${t('app.name')}`, step, step > 1);
  useRefocus(step); // back to the first, whose heading takes the focus only where it was lost
  const here = complaints.value.filter((each) => each.step === step);
  const errorOf = (target: string): string | undefined => here.find((each) => each.target === target)?.words;
  const onward = step === LAST_STEP ? (busy && isPreparing(draft.value.id) ? 'photo.busy' : 'send') : step === 2 && asked.value ? 'next.yes' : 'next';
  return (
    <div class="two">
      <form class="form stack" noValidate onSubmit={(event) => { event.preventDefault(); void next(); }}>
        <WhereWeAre step={step} />
        {!online.value && <Note kind="warn" icon="cloud-off" role="status">{t('offline.note')}</Note>}
        {storeless.value && <Storeless />}
        {frozen.value ? <Note icon="info-circle" role="status">{t('frozen.elsewhere')}</Note> : restored.value && <Restored />}
        {step === 1 && <><Confined /><Others /></>}
        <ErrorSummary complaints={here} />
        <h1 tabIndex={-1}>{t(`step.${step}.title`)}</h1>
        {step === 1 && <StepPhoto />}
        {step === 2 && <StepPlace error={errorOf('address')} />}
        {step === 3 && <StepWhat errorOf={errorOf} online={online.value} />}
        {step === 4 && <StepSend errorOf={errorOf} />}
        {step === 2 && <WardQuestion />}
        <Button kind="primary" large wide type="submit" busy={busy} icon={step === LAST_STEP ? 'send' : undefined}>{t(onward)}</Button>
      </form>
      {step === 1 && !media.value.length
        ? <section class="beside always"><Intro /></section>
        : <aside class="beside" aria-label={t('review.title')}><Review /></aside>}
    </div>
  );
}

/** The way back, how far one is, and that nothing is lost. */
function WhereWeAre({ step }: { step: number }) {
  const back = async (): Promise<void> => {
    complaints.value = [];
    await stepBack();
  };
  return (
    <>
      <div class="row between steps">
        {step > 1 && <Button kind="quiet" icon="chevron-left" onClick={() => void back()}>{t('back')}</Button>}
        <span class="hint">{t('step.of', { n: step })}</span>
        <span class="hint saved" role="status">{savedAt.value && <><Icon name="check" />{t('saved', { at: savedAt.value })}</>}</span>
      </div>
      <progress class="hidden-visually" max={4} value={step} aria-label={t('step.of', { n: step })} />
      <ol class="dots plain" aria-hidden="true">{[1, 2, 3, 4].map((n) => <li key={n} class={n < step ? 'done' : n === step ? 'now' : ''}>{t(`step.${n}.dot`)}</li>)}</ol>
    </>
  );
}

function Restored() {
  return (
    <Note icon="history" role="status">
      <p>{t('restored', { at: restored.value })}</p>
      <Button kind="quiet" onClick={() => confirm(t('mine.drop.sure')) && void discard()}>{t('restored.discard')}</Button>
    </Note>
  );
}
