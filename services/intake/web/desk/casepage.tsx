/** One case: its time and state, the report and its evidence, the next action, the history. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { duration, moment } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import { MiniMap } from '@web/map/MiniMap';
import {
  Button, Empty, Failed, Icon, Loading, Note, StateChip, announce, toast,
} from '@web/ui/kit';
import { Actions } from './actions';
import { areaName, categoryName, ground, unitName } from './catalogue';
import { Company } from './company';
import { Standing } from './directives';
import { ordered } from './forms';
import { History } from './history';
import { KeyHelp } from './keyhelp';
import { useKeys } from './keys';
import { now } from './live';
import { useLoaded } from './loading';
import { Marked, Reasons } from './marked';
import { MediaSet } from './media';
import { CaseMapBox } from './mapside';
import { type Case, type Directive, leftAt, spoken } from './model';
import { Flags, Heading, TimeLeft } from './parts';
import { onPlain, pathOf, toInbox } from './route';
import { ReporterCard } from './identity';
import { authed } from './session';
import { OfCase } from './disclosures';

export function CasePage({ code }: { code: string }): JSX.Element {
  const loaded = useLoaded(code, async () => (await authed<Case>(`desk/cases/${encodeURIComponent(code)}`)).data, (changed) => changed === null || changed === code);
  const [seen, setSeen] = useState<number | null>(null);
  const shared = useOtherTab(code);
  useKeys({ u: toInbox }, []);
  const shown = loaded.data;
  useClockVoice(shown);
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
  const added = (after: Case): void => {
    setSeen((old) => (after.version === (old ?? 0) + 1 ? after.version : old));
    loaded.reload();
  };
  return (
    <main id="main" class="case" tabIndex={-1}>
      <div class="row between"><Back /><KeyHelp /></div>
      <CaseHead shown={shown} />
      {byOthers && <Note kind="warn" role="status"><p>{t('case.changed')}</p>{since(shown, seen!)}<Button kind="quiet" onClick={() => setSeen(shown.version)}>{t('close')}</Button></Note>}
      <Company code={shown.code} />
      {shared && <Note icon="info-circle">{t('case.also_open')}</Note>}
      <div class="columns">
        <div class="stack main">
          <section class="card stack" aria-labelledby="report">
            <h2 id="report">{t('case.report')}</h2>
            <p class="text"><Marked text={shown.text} marks={shown.flagged} /></p>
            <Reasons text={shown.text} marks={shown.flagged} />
            <MediaSet shown={shown} />
          </section>
          <PlaceCard shown={shown} />
          <Results shown={shown} />
          <History steps={shown.timeline} />
        </div>
        <div class="stack side">
          <Actions shown={shown} onDone={done} onAdded={added} onReload={loaded.reload} />
          <Directives directives={shown.directives} />
          <ReporterCard shown={shown} />
          <Facts shown={shown} />
          <OfCase shown={shown} key={shown.code} />
        </div>
      </div>
      {ordered(shown.actions).length > 0 && <a class="btn primary foot" href="#actions" onClick={toActions}><Icon name="arrow-down" />{t('case.actions')}</a>}
    </main>
  );
}

/** What happened after a version: who changed what. */
function since(shown: Case, version: number): JSX.Element {
  const steps = shown.timeline.filter((each) => each.sequence > version);
  return (
    <ul class="plain">
      {steps.map((each) => (
        <li key={each.sequence}>
          <b>{both(each.title)}</b> · {[both(each.unit_name), moment(each.at, now.value)]
            .filter(Boolean).join(' · ')}
        </li>
      ))}
    </ul>
  );
}

/** A screen reader hears the clock at 60, 30 and 10 minutes only, each once. */
function useClockVoice(shown: Case | null): void {
  const last = useRef<number | null>(null);
  const left = shown && !shown.clock.stopped ? leftAt(shown.clock, now.value) / 60 : null;
  useEffect(() => {
    const before = last.current;
    last.current = left;
    const said = spoken(before, left);
    if (said) announce(t(shown!.clock.kind === 'working' ? 'clock.left_for' : 'clock.left_for_elapsed', { span: duration(said * 60) }));
  }, [left]);
}

function toActions(event: Event): void {
  event.preventDefault();
  document.getElementById('actions')?.scrollIntoView({ block: 'start' });
  document.querySelector<HTMLElement>('.actions .btn')?.focus();
}

function Back(): JSX.Element {
  return (
    <a class="back" href={pathOf({ name: 'inbox' })} onClick={onPlain(toInbox)}>
      <Icon name="chevron-left" />{t('case.back')}
    </a>
  );
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
  const [large, setLarge] = useState(false);
  const area = areaName(shown.area) || at?.area;
  return (
    <section class="card stack" aria-labelledby="place">
      <h2 id="place">{t('case.place')}</h2>
      <p>{[at?.address, area].filter(Boolean).join(' · ') || t('case.no_place')}</p>
      {at && typeof at.lat === 'number' && (
        <>
          {large ? (
            <CaseMapBox shown={shown} onClose={() => setLarge(false)} />
          ) : (
            <MiniMap
              areas={ground.value}
              at={at}
              accuracyM={at.accuracy_m ?? null}
              label={`${at.lat.toFixed(5)}, ${at.lon.toFixed(5)}`}
            />
          )}
          <div class="row between">
            <p class="hint num">
              {at.lat.toFixed(5)}, {at.lon.toFixed(5)}
              {at.accuracy_m ? ` ± ${Math.round(at.accuracy_m)} m` : ''}
            </p>
            {!large && (
              <Button icon="map" data-map="open" onClick={() => setLarge(true)}>
                {t('map.open_large')}
              </Button>
            )}
          </div>
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
          <p><Standing each={each} /></p>
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

interface Told {
  tab: string;
  code: string;
  is: 'open' | 'here' | 'gone';
}

/** Say whether the same case is open in another tab of this browser. */
function useOtherTab(code: string): boolean {
  const [others, setOthers] = useState<ReadonlySet<string>>(new Set());
  useEffect(() => {
    if (typeof BroadcastChannel === 'undefined') return undefined;
    const channel = new BroadcastChannel('desk.cases');
    const tab = uuid();
    const tell = (is: Told['is']): void => channel.postMessage({ tab, code, is } satisfies Told);
    channel.onmessage = ({ data }: MessageEvent<Told>) => {
      if (data.code !== code) return;
      if (data.is === 'open') tell('here');
      setOthers((old) => {
        const left = [...old].filter((each) => each !== data.tab);
        return new Set(data.is === 'gone' ? left : [...left, data.tab]);
      });
    };
    const [opens, goes] = [() => tell('open'), () => tell('gone')];
    opens();
    addEventListener('pageshow', opens); // kept by the browser, a page may come back
    addEventListener('pagehide', goes);
    return () => {
      removeEventListener('pageshow', opens);
      removeEventListener('pagehide', goes);
      goes();
      channel.close();
      setOthers(new Set());
    };
  }, [code]);
  return others.size > 0;
}
