/** Where a report stands: time left, steps, result with photos, and what its reporter can do. */
import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { agreed, bothDates } from '@web/core/coordination';
import { duration, leftNow, moment, time, weekday } from '@web/core/dates';
import { both, sentence, t } from '@web/core/i18n';
import { Empty, Failed, FlagChip, Loading, Note, StateChip } from '@web/ui/kit';
import { MiniMap } from '@web/map/MiniMap';
import { ground, unitName } from '../catalogue';
import { readCode } from '../logic/queue';
import { CodeForm } from '../mine/CodeForm';
import { ADDING, path, refocus, useArrival, useRefocus } from '../router';
import { removeReceipt } from '../store';
import { Actions } from './Actions';
import { Follow } from './Follow';
import { Kept } from './Kept';
import { OwnToken } from './OwnToken';
import { Private } from './Private';
import { Result } from './Result';
import { Secret } from './Secret';
import { Share } from './Share';
import { Told } from './Told';
import { type CaseView, type Followed, type Step, useCase } from './case';
import { nameOf, subjectOf } from './names';

const OVER = ['resolved', 'closed', 'refused', 'redirected', 'withdrawn'];
const now = signal(Date.now());

export default function TrackPage() {
  const code = readCode(decodeURIComponent(path.value.slice(3)));
  if (!code) return <BadCode />;
  return <Track code={code} key={code} />;
}

function BadCode() {
  useArrival(`${t('track.bad')} · ${t('app.name')}`);
  return <div class="form stack"><h1 tabIndex={-1}>{t('track.bad')}</h1><p>{t('track.bad.hint')}</p><CodeForm /></div>;
}

function Track({ code }: { code: string }) {
  const found = useCase(code);
  const { view, error, receipt } = found;
  useEffect(() => {
    const ticking = setInterval(() => (now.value = Date.now()), 15_000);
    return () => clearInterval(ticking);
  }, []);
  useArrival(view ? `${t(`state.${view.state}`)} · ${code}` : code, view?.state, false);
  useEffect(() => {
    const asked = view && location.search === `?${ADDING}` ? document.getElementById(ADDING) : null;
    asked?.scrollIntoView({ block: 'center' });
    asked?.focus();
    refocus(); // who comes from a list has left the link behind
  }, [Boolean(view)]);
  if (!view) {
    const missing = error instanceof ApiError && error.status === 404;
    return (
      <div class="form stack">
        <h1 tabIndex={-1} class="num">{code}</h1>
        {missing ? <><Empty icon="search"><p>{t('track.missing')}</p></Empty><CodeForm /><OwnToken code={code} onKept={found.again} /></> : error && receipt ? <Kept receipt={receipt} onRetry={found.load} /> : error ? <Failed error={error} onRetry={found.load} /> : <Loading />}
      </div>
    );
  }
  const token = view.timeline ? (receipt?.token ?? null) : null;
  const actions = token && <Actions view={view} token={token} onDone={found.load} />;
  return (
    <div class="two track">
      <div class="stack">
        <Head view={view} />
        <Freshness found={found} />
        <NotTaken view={view} steps={found.steps} />
        {!token && <Note icon="lock"><p>{t(receipt?.kind === 'followed' ? 'track.followed' : 'track.public')}</p><OwnToken code={code} onKept={found.again} /></Note>}
        {view.result && <Result view={view} token={token} />}
        {view.state === 'resolved' && actions}
        <section aria-labelledby="steps-title"><h2 id="steps-title">{t('track.steps')}</h2><Timeline steps={found.steps} /></section>
        {view.state !== 'resolved' && actions}
      </div>
      <div class="beside stack">
        <Promised view={view} />
        <Hearing found={found} view={view} token={token} />
        <What view={view} token={token} />
        {token && <Private view={view} token={token} code={code} />}
      </div>
    </div>
  );
}

function Freshness({ found: { stream, at, error } }: { found: Followed }) {
  return (
    <>
      <p class="hint">{stream === 'live' ? t('track.live') : t('track.asof', { at: time(at) })}{stream === 'lost' ? ` · ${t('track.again')}` : ''}</p>
      {error !== null && <Note kind="warn" icon="cloud-off" role="status">{t('error.network')}</Note>}
    </>
  );
}

const NOTHING_OWED = ['refused', 'redirected', 'withdrawn'];

const nameOfUnit = (id: string): string => both(unitName(id)) || id;

function Promised({ view }: { view: CaseView }) {
  if (NOTHING_OWED.includes(view.state)) return null;
  const coordinated = bothDates(view, nameOfUnit);
  return (
    <section class="card stack" aria-labelledby="promise-title">
      <h2 id="promise-title">{t('track.promise')}</h2>
      <p class="promise">{sentence(both(view.promise))}</p>
      {coordinated && <p data-coordinated>{coordinated}</p>}
      {view.monitoring_unit && <p class="small">{t('track.monitor')} {both(unitName(view.monitoring_unit))}</p>}
      {view.followers > 0 && <p class="small">{t('track.followers', { n: view.followers })}</p>}
    </section>
  );
}

/** How this person hears of it: the reporter, who follows, or somebody who might. */
function Hearing({ found: { receipt, setReceipt, load }, view, token }: { found: Followed; view: CaseView; token: string | null }) {
  const left = async (): Promise<void> => {
    await removeReceipt(view.code);
    setReceipt(null);
    load();
  };
  useRefocus(receipt?.kind, '#follow'); // following no more takes its own button away
  if (token) return view.anonymity === 'anonymous' ? null : <Told code={view.code} token={token} kind="own" />;
  if (receipt?.kind === 'followed') return <Told code={view.code} token={receipt.token} kind="followed" onUnfollowed={() => void left()} />;
  return OVER.includes(view.state) ? null : <Follow code={view.code} onFollowed={setReceipt} />;
}

function Head({ view }: { view: CaseView }) {
  const left = view.clock.stopped ? null : leftNow(view.clock, now.value);
  return (
    <div class="stack small-gap">
      <div class="row head-row">
        <p class="row grow"><StateChip state={view.state} />{left !== null && left < 0 ? <FlagChip flag="overdue" /> : left !== null && left < 1800 && <FlagChip flag="soon" />}<span class="num hint">{view.code}</span></p>
        <Share code={view.code} />
      </div>
      <h1 tabIndex={-1}>{subjectOf(view) || view.code}</h1>
      {left !== null && <TimeLeft view={view} left={left} />}
      {view.unit && <p>{t(view.clock.stopped ? 'track.handled' : 'track.at')} <b>{both(view.unit_name)}</b></p>}
    </div>
  );
}

function TimeLeft({ view, left }: { view: CaseView; left: number }) {
  const due = view.clock.due_at ?? view.due_at;
  const words = left < 0 ? t('clock.over', { over: duration(left) }) : t('clock.left', { left: duration(left) });
  return (
    <div class={`left ${left < 0 ? 'over' : ''}`}>
      <p class="figure">{words}</p>
      <p class="small">{t(view.expected_at ? 'track.by.coordinated' : 'track.by', { at: `${time(due)} ${weekday(due)}` })}</p>
      {!view.clock.running && view.clock.next_opening && <p class="small">{t('clock.paused', { at: `${time(view.clock.next_opening)} ${weekday(view.clock.next_opening)}` })}</p>}
    </div>
  );
}

function Timeline({ steps }: { steps: Step[] }) {
  if (!steps.length) return <Empty>{t('track.nosteps')}</Empty>;
  return (
    <ol class="timeline plain">
      {[...steps].reverse().map((each) => (
        <li key={each.sequence}>
          <p><b>{both(each.title)}</b>{each.unit_name && <> · {both(each.unit_name)}</>}</p>
          <p class="hint num"><time dateTime={each.at}>{moment(each.at)}</time></p>
          {agreed(each, nameOfUnit).map((words) => <p key={words}>{words}</p>)}
          <Why step={each} />
          {each.text && <p class="said">{each.text}</p>}
        </li>
      ))}
    </ol>
  );
}

/** Why it was not taken up, and who is competent instead. */
function Why({ step }: { step: Step }) {
  return (
    <>
      {step.reason_name && <p>{t('track.reason')} <b>{both(step.reason_name)}</b></p>}
      {step.agency && <p>{t('track.where')} <b>{step.agency}</b></p>}
    </>
  );
}

/** The end of a report that was not taken up, before everything else: why, where, and what one can do. */
function NotTaken({ view, steps }: { view: CaseView; steps: Step[] }) {
  const last = [...steps].reverse().find((each) => each.reason_name || each.agency);
  if (!['refused', 'redirected'].includes(view.state) || !last) return null;
  return (
    <Note kind="warn" icon={view.state === 'refused' ? 'ban' : 'arrow-bounce'}>
      <Why step={last} />
      {last.text && <p class="said">{last.text}</p>}
      <p>{t(view.state === 'refused' ? 'track.refused.next' : 'track.redirected.next')} <a href="tel:1022">1022</a></p>
    </Note>
  );
}

function What({ view, token }: { view: CaseView; token: string | null }) {
  const place = view.location?.lat != null && view.location.lon != null ? { lat: view.location.lat, lon: view.location.lon } : null;
  if (!view.text) return null;
  const media = Array.isArray(view.media) ? view.media.filter((each) => each.from === 'reporter') : [];
  return (
    <section class="card stack" aria-labelledby="what-title">
      <h2 id="what-title">{t('track.what')}</h2>
      <p class="said">{view.text}</p>
      {media.map((each, n) => (
        <figure key={each.id}>
          <Secret link={each.links[each.kind === 'image' && each.links['thumbnail'] ? 'thumbnail' : 'public']!} token={token} audio={each.kind === 'audio'} alt={nameOf(view, t(each.kind === 'audio' ? 'sound.nth' : 'photo.nth', { n: n + 1 }), each.captured_at)} />
          {each.kind === 'audio' && <figcaption class="hint">{t('media.nonote')}</figcaption>}
        </figure>
      ))}
      {place && <MiniMap areas={ground.value} at={place} />}
    </section>
  );
}
