/** One case: its time and state, the report and its evidence, the next action, the history. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { moment } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { MiniMap } from '@web/map/MiniMap';
import { Button, Empty, Failed, Icon, Loading, Note, StateChip, toast } from '@web/ui/kit';
import { Actions } from './actions';
import { areaName, categoryName, ground, unitName } from './catalogue';
import { useKeys } from './keys';
import { now } from './live';
import { useLoaded } from './loading';
import { MediaSet } from './media';
import type { Case, Directive, Step } from './model';
import { Flags, Heading, TimeLeft } from './parts';
import { go, onLink, pathOf } from './route';
import { ReporterCard } from './identity';
import { authed, me } from './session';
import { ofCase } from './disclosures';

export function CasePage({ code }: { code: string }): JSX.Element {
  const loaded = useLoaded(code, async () => (await authed<Case>(`desk/cases/${encodeURIComponent(code)}`)).data, (changed) => changed === null || changed === code);
  const [seen, setSeen] = useState<number | null>(null);
  const shared = useOtherTab(code);
  useKeys({ u: () => go({ name: 'inbox' }) }, []);
  const shown = loaded.data;
  useEffect(() => setSeen(null), [code]);
  useEffect(() => {
    if (shown && seen === null) setSeen(shown.version);
  }, [shown, seen]);
  if (!shown) {
    const missing = loaded.error instanceof ApiError && loaded.error.status === 404;
    return (
      <main id="main" class="case" tabIndex={-1}>
        <Back />
        <Heading title={code}>{code}</Heading>
        {missing ? <Empty icon="search"><p>{t('case.not_found')}</p></Empty> : loaded.error !== null ? <Failed error={loaded.error} onRetry={loaded.reload} /> : <Loading />}
      </main>
    );
  }
  const byOthers = seen !== null && shown.version > seen;
  const done = (after: Case): void => {
    loaded.put(after);
    setSeen(after.version);
  };
  return (
    <main id="main" class="case" tabIndex={-1}>
      <Back />
      <CaseHead shown={shown} />
      {byOthers && <Note kind="warn" role="status"><p>{t('case.changed')}</p><Button kind="quiet" onClick={() => setSeen(shown.version)}>{t('close')}</Button></Note>}
      {shared && <Note icon="info-circle">{t('case.also_open')}</Note>}
      <div class="columns">
        <div class="stack main">
          <section class="card stack" aria-labelledby="report">
            <h2 id="report">{t('case.report')}</h2>
            <p class="text">{shown.text}</p>
            <MediaSet shown={shown} />
          </section>
          <PlaceCard shown={shown} />
          <Results shown={shown} />
          <History steps={shown.timeline} />
        </div>
        <div class="stack side">
          <Actions shown={shown} onDone={done} onReload={loaded.reload} />
          <Directives directives={shown.directives} />
          <ReporterCard shown={shown} />
          <Facts shown={shown} />
          {ofCase(shown)}
        </div>
      </div>
      {shown.actions.length > 0 && <a class="btn primary foot" href="#actions" onClick={toActions}><Icon name="arrow-down" />{t('case.actions')}</a>}
    </main>
  );
}

function toActions(event: Event): void {
  event.preventDefault();
  document.getElementById('actions')?.scrollIntoView({ block: 'start' });
  document.querySelector<HTMLElement>('.actions .btn')?.focus();
}

function Back(): JSX.Element {
  return <a class="back" href={pathOf({ name: 'inbox' })} onClick={onLink({ name: 'inbox' })}><Icon name="chevron-left" />{t('case.back')}</a>;
}

function CaseHead({ shown }: { shown: Case }): JSX.Element {
  const copy = (): void => void navigator.clipboard?.writeText(shown.code).then(() => toast(t('case.copied')));
  return (
    <header class="casehead">
      <div>
        <Heading title={shown.code}>{categoryName(shown.category) || t('flag.category_to_confirm')}</Heading>
        <div class="row">
          <span class="code num" aria-label={[...shown.code].join(' ')}>{shown.code}</span>
          <Button kind="quiet" icon="copy" aria-label={t('case.copy')} onClick={copy} />
          <StateChip state={shown.state} />
          <Flags flags={shown.flags} restricted={shown.restricted} />
        </div>
      </div>
      <div class="time"><TimeLeft clock={shown.clock} full />{shown.expected_at && <span class="due">{t('clock.expected', { time: moment(shown.expected_at, now.value) })}</span>}</div>
    </header>
  );
}

function PlaceCard({ shown }: { shown: Case }): JSX.Element {
  const at = shown.location;
  return (
    <section class="card stack" aria-labelledby="place">
      <h2 id="place">{t('case.place')}</h2>
      <p>{[at?.address, areaName(shown.area)].filter(Boolean).join(' · ') || t('case.no_place')}</p>
      {at && typeof at.lat === 'number' && (
        <>
          <MiniMap areas={ground.value} at={at} accuracyM={at.accuracy_m ?? null} label={`${at.lat.toFixed(5)}, ${at.lon.toFixed(5)}`} />
          <p class="hint num">{at.lat.toFixed(5)}, {at.lon.toFixed(5)}{at.accuracy_m ? ` ± ${Math.round(at.accuracy_m)} m` : ''}</p>
        </>
      )}
    </section>
  );
}

function Results({ shown }: { shown: Case }): JSX.Element | null {
  if (!shown.results.length) return null;
  return (
    <section class="card stack" aria-labelledby="results">
      <h2 id="results">{t('case.results')}</h2>
      {shown.results.map((each) => (
        <article class="stack" key={each.at}>
          <p><b>{t(`choice.result.${each.outcome}`)}</b> <span class="hint">{unitName(each.unit)} · {moment(each.at, now.value)}</span></p>
          <p class="text">{each.text}</p>
        </article>
      ))}
      {shown.rating && <Note kind={shown.rating.score >= 4 ? 'good' : 'warn'} icon="star">{t('case.rating', { score: shown.rating.score })}{shown.rating.text && <p class="text">{shown.rating.text}</p>}</Note>}
    </section>
  );
}

function Directives({ directives }: { directives: readonly Directive[] }): JSX.Element | null {
  if (!directives.length) return null;
  return (
    <section class="card stack" aria-labelledby="directives">
      <h2 id="directives">{t('case.directives')}</h2>
      {directives.map((each) => (
        <article class={`directive${each.overdue ? ' overdue' : ''}`} key={each.id}>
          <p class="text">{each.text}</p>
          <p class="hint">{unitName(each.addressee)} · {t('case.directive_due', { time: moment(each.due_at, now.value) })}</p>
          <p class="hint"><Icon name={each.fulfilled_at ? 'circle-check' : each.acknowledged_at ? 'eye' : 'send'} />{t(each.fulfilled_at ? 'case.directive_done' : each.acknowledged_at ? 'case.directive_read' : 'case.directive_sent')}</p>
        </article>
      ))}
    </section>
  );
}

function Facts({ shown }: { shown: Case }): JSX.Element {
  const rows: [string, string][] = [
    [t('case.unit'), unitName(shown.unit)],
    [t('case.monitor'), unitName(shown.monitoring_unit)],
    [t('case.coordinating'), shown.coordinating_units.map(unitName).join(', ')],
    [t('case.officer'), shown.officer ?? ''],
    [t('case.received'), moment(shown.received_at, now.value)],
  ];
  return (
    <section class="card">
      <dl class="facts">{rows.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <p class="hint">{both(shown.promise)}</p>
    </section>
  );
}

function History({ steps }: { steps: readonly Step[] }): JSX.Element {
  return (
    <section class="card stack" aria-labelledby="history">
      <h2 id="history">{t('case.history')}</h2>
      <ol class="plain timeline">
        {[...steps].reverse().map((each) => (
          <li key={each.sequence}>
            <span class="hint num">{moment(each.at, now.value)}</span>
            <b>{both(each.title)}</b>
            {each.unit_name && <span>{both(each.unit_name)}</span>}
            {each.actor && actorWords(each.actor) && <span class="hint">{actorWords(each.actor)}</span>}
            {each.text && <p class="text">{each.text}</p>}
          </li>
        ))}
      </ol>
    </section>
  );
}

/** Who acted, as far as it tells a colleague something; accounts are named by their unit. */
function actorWords(actor: string): string {
  if (actor === me.value?.account) return t('actor.me');
  if (actor === 'reporter') return t('case.reporter');
  return actor.startsWith('u_') ? '' : t('actor.system');
}

/** Say whether the same case is open in another tab of this browser. */
function useOtherTab(code: string): boolean {
  const [other, setOther] = useState(false);
  useEffect(() => {
    if (typeof BroadcastChannel === 'undefined') return undefined;
    const channel = new BroadcastChannel('desk.cases');
    channel.onmessage = ({ data }: MessageEvent<{ open?: string; here?: string }>) => {
      if (data.open === code) channel.postMessage({ here: code });
      if (data.open === code || data.here === code) setOther(true);
    };
    channel.postMessage({ open: code });
    return () => channel.close();
  }, [code]);
  return other;
}

