/** Where a report stands: time left, steps, result with photos, and what its reporter can do. */
import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from '@web/core/api';
import { readConfig } from '@web/core/config';
import { type Clock, duration, leftNow, moment, time, weekday } from '@web/core/dates';
import { type Bilingual, both, has, sentence, t } from '@web/core/i18n';
import { type StreamState, follow } from '@web/core/sse';
import { Empty, Failed, FlagChip, Icon, Loading, Note, StateChip } from '@web/ui/kit';
import { MiniMap } from '@web/map/MiniMap';
import { areas, categoryOf, ground, loadGround, unitName } from '../catalogue';
import { readCode } from '../logic/queue';
import { arrive, path } from '../router';
import { type Receipt, keepReceipt, receiptOf } from '../store';
import { Actions } from './Actions';
import { Private } from './Private';

export interface MediaView {
  id: string;
  kind: 'image' | 'audio';
  from: 'reporter' | 'unit';
  duration_ms: number | null;
  captured_at: string | null;
  links: Record<string, string>;
}

export interface CaseView {
  code: string;
  state: string;
  category: string | null;
  unit: string | null;
  unit_name: Bilingual | null;
  monitoring_unit: string | null;
  area: string | null;
  received_at: string;
  due_at: string;
  clock: Clock & { stopped: boolean };
  promise: Bilingual;
  result: { outcome: string; text: string; unit_name: Bilingual | null; at: string; on_time: boolean; media: string[] } | null;
  followers: number;
  text?: string;
  location?: { lat: number | null; lon: number | null; address: string | null } | null;
  media: MediaView[] | { image: number; audio: number };
  anonymity?: string;
  rating?: { score: number; text: string } | null;
  timeline?: Step[];
}

interface Step {
  sequence: number;
  type: string;
  at: string;
  title: Bilingual;
  unit_name: Bilingual | null;
  text?: string;
  outcome?: string;
}

const POLL_MS = 20_000;
const now = signal(Date.now());

export default function TrackPage() {
  const code = readCode(decodeURIComponent(path.value.slice(3)));
  if (!code) return <BadCode />;
  return <Track code={code} key={code} />;
}

function BadCode() {
  useEffect(() => arrive(`${t('track.bad')} · ${t('app.name')}`), []);
  return <div class="form stack"><h1 tabIndex={-1}>{t('track.bad')}</h1><p>{t('track.bad.hint')}</p><p><a href="/mine">{t('nav.mine')}</a></p></div>;
}

function Track({ code }: { code: string }) {
  const [view, setView] = useState<CaseView | null>(null);
  const [steps, setSteps] = useState<Step[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const [stream, setStream] = useState<StreamState | 'polling'>('connecting');
  const [at, setAt] = useState(Date.now());

  const load = async (token: string | null): Promise<void> => {
    try {
      const found = await get<CaseView>(`reports/${code}`, { token });
      setView(found);
      setSteps(found.timeline ?? (await get<{ items: Step[] }>(`reports/${code}/events`, { token })).items);
      setError(null);
      setAt(Date.now());
    } catch (failed) {
      setError(failed);
      if (failed instanceof ApiError && failed.status === 401 && token) await load(null);
    }
  };
  useEffect(() => {
    let stop = (): void => undefined;
    let poll: ReturnType<typeof setInterval> | undefined;
    void (async () => {
      await takeToken(code);
      const kept = (await receiptOf(code)) ?? null;
      setReceipt(kept);
      const token = kept?.kind === 'own' ? kept.token : null;
      await Promise.all([load(token), loadGround()]);
      poll = setInterval(() => document.visibilityState === 'visible' && void load(token), token ? POLL_MS * 3 : POLL_MS);
      if (token && readConfig().notify) {
        stop = follow({ url: `${readConfig().notify}/api/v1/reports/${code}/stream`, token, onEvent: (event) => event.event === 'status' && void load(token), onState: setStream });
      } else setStream('polling');
    })();
    const ticking = setInterval(() => (now.value = Date.now()), 15_000);
    return () => { stop(); clearInterval(poll); clearInterval(ticking); };
  }, [code]);
  useEffect(() => { if (view) arrive(`${t(`state.${view.state}`)} · ${code}`, false); }, [view?.state]);

  if (!view) {
    const missing = error instanceof ApiError && error.status === 404;
    return <div class="form stack"><h1 tabIndex={-1} class="num">{code}</h1>{missing ? <Empty icon="search"><p>{t('track.missing')}</p></Empty> : error ? <Failed error={error} onRetry={() => void load(receipt?.token ?? null)} /> : <Loading />}</div>;
  }
  const own = Boolean(view.timeline);
  const token = own ? receipt!.token : null;
  return (
    <div class="two track">
      <div class="stack">
        <Head view={view} />
        <p class="hint" role="status">{stream === 'live' ? t('track.live') : t('track.asof', { at: time(at) })}{stream === 'lost' ? ` · ${t('track.again')}` : ''}</p>
        {error !== null && <Note kind="warn" icon="cloud-off" role="status">{t('error.network')}</Note>}
        {!own && <Note icon="lock"><p>{receipt?.kind === 'followed' ? t('track.followed') : t('track.public')}</p></Note>}
        {view.result && <Result view={view} token={token} />}
        {own && view.state === 'resolved' && <Actions view={view} token={token!} onDone={() => void load(token)} />}
        <section aria-labelledby="steps-title"><h2 id="steps-title">{t('track.steps')}</h2><Timeline steps={steps} /></section>
        {own && view.state !== 'resolved' && <Actions view={view} token={token!} onDone={() => void load(token)} />}
      </div>
      <div class="beside stack">
        <section class="card stack" aria-labelledby="promise-title">
          <h2 id="promise-title">{t('track.promise')}</h2>
          <p class="promise">{sentence(both(view.promise))}</p>
          {view.monitoring_unit && <p class="small">{t('track.monitor')} {both(unitName(view.monitoring_unit))}</p>}
          {view.followers > 0 && <p class="small">{t('track.followers', { n: view.followers })}</p>}
        </section>
        <What view={view} token={token} />
        {own && <Private view={view} token={token!} code={code} />}
      </div>
    </div>
  );
}

/** The link in a letter carries the token behind the `#`: it goes into the phone, out of the address. */
async function takeToken(code: string): Promise<void> {
  const token = location.hash.replace(/^#(t=)?/, '');
  if (!token || /^main$/.test(token)) return;
  history.replaceState(null, '', location.pathname);
  const known = await receiptOf(code);
  await keepReceipt({ code, draft_id: known?.draft_id ?? '', token, kind: 'own', at: known?.at ?? Date.now(), answer: known?.answer ?? null });
}

function Head({ view }: { view: CaseView }) {
  const area = areas.value.find((each) => each.id === view.area);
  const left = view.clock.stopped ? null : leftNow(view.clock, now.value);
  return (
    <div class="stack small-gap">
      <p class="row"><StateChip state={view.state} />{left !== null && left < 0 ? <FlagChip flag="overdue" /> : left !== null && left < 1800 && <FlagChip flag="soon" />}<span class="num hint">{view.code}</span></p>
      <h1 tabIndex={-1}>{[both(categoryOf(view.category)?.name), view.location?.address || both(area?.name)].filter(Boolean).join(', ') || view.code}</h1>
      {left !== null && <TimeLeft view={view} left={left} />}
      {view.unit && <p>{t('track.at')} <b class="clip3">{both(view.unit_name)}</b></p>}
    </div>
  );
}

function TimeLeft({ view, left }: { view: CaseView; left: number }) {
  const due = view.clock.due_at ?? view.due_at;
  const words = left < 0 ? t('clock.over', { over: duration(left) }) : t('clock.left', { left: duration(left) });
  return (
    <div class={`left ${left < 0 ? 'over' : ''}`}>
      <p class="figure">{words}</p>
      <p class="small">{t('track.by', { at: `${time(due)} ${weekday(due)}` })}</p>
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
          {each.text && <p class="said">{each.text}</p>}
        </li>
      ))}
    </ol>
  );
}

function Result({ view, token }: { view: CaseView; token: string | null }) {
  const result = view.result!;
  const before = Array.isArray(view.media) ? view.media.filter((each) => each.kind === 'image' && each.from === 'reporter').map((each) => each.links['public']!) : [];
  const outcome = `outcome.${result.outcome}`;
  return (
    <section class="card result stack" aria-labelledby="result-title">
      <h2 id="result-title"><Icon name="circle-check" /> {t('track.result')}</h2>
      <p><b>{has(outcome) ? t(`outcome.${result.outcome}`) : result.outcome}</b> · {both(result.unit_name)} · <span class="num">{moment(result.at)}</span></p>
      <p class="said">{result.text}</p>
      <div class="pairs">
        {before.length > 0 && <Pictures title={t('track.before')} links={before} token={token} />}
        {result.media.length > 0 && <Pictures title={t('track.after')} links={result.media} token={token} />}
      </div>
    </section>
  );
}

function Pictures({ title, links, token }: { title: string; links: string[]; token: string | null }) {
  return <figure><figcaption class="small"><b>{title}</b></figcaption>{links.map((each, n) => <Secret key={each} link={each} token={token} alt={`${title} ${n + 1}`} />)}</figure>;
}

/** A picture that needs the token: fetched with it, shown from memory. */
export function Secret({ link, token, alt, audio }: { link: string; token: string | null; alt: string; audio?: boolean }) {
  const [url, setUrl] = useState('');
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let made = '';
    void fetch(link, { headers: token ? { Authorization: `Bearer ${token}` } : {} })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        made = URL.createObjectURL(await answer.blob());
        setUrl(made);
      })
      .catch(() => setFailed(true));
    return () => URL.revokeObjectURL(made);
  }, [link]);
  if (failed) return <p class="hint">{t('media.failed')}</p>;
  if (!url) return <span class="skeleton block" />;
  return audio ? <audio controls src={url} aria-label={alt} /> : <img src={url} alt={alt} />;
}

function What({ view, token }: { view: CaseView; token: string | null }) {
  const place = view.location?.lat != null && view.location.lon != null ? { lat: view.location.lat, lon: view.location.lon } : null;
  if (!view.text) return null;
  const media = Array.isArray(view.media) ? view.media.filter((each) => each.from === 'reporter') : [];
  return (
    <section class="card stack" aria-labelledby="what-title">
      <h2 id="what-title">{t('track.what')}</h2>
      <p class="said">{view.text}</p>
      {media.map((each, n) => <Secret key={each.id} link={each.links[each.kind === 'image' && each.links['thumbnail'] ? 'thumbnail' : 'public']!} token={token} audio={each.kind === 'audio'} alt={each.kind === 'audio' ? t('sound.nth', { n: n + 1 }) : t('photo.nth', { n: n + 1 })} />)}
      {place && <MiniMap areas={ground.value} at={place} />}
    </section>
  );
}
