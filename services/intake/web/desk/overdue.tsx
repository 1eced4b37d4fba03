/** Who is late, unit by unit: the cases themselves, a reminder for all of them, the letters. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { duration, moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Button, Failed, Icon, Loading, Note, wordsOf } from '@web/ui/kit';
import { categoryName, unitName } from './catalogue';
import { now } from './live';
import { useLoaded } from './loading';
import { Stale } from './parts';
import { type Wishes, usePress, useWishes } from './pressing';
import { Remind } from './remind';
import type { Chase, Chased, Late } from './reminding';
import { onLink, pathOf, scrollBack } from './route';
import { authed, download, me } from './session';

const SHOWN = 10; // cases of a unit; as many more with each press

/** How many cases of which unit who was looking at, for the way back from one of them. */
const looked = new Map<string, number>();

function useLooked(unit: string): [number, (shown: number) => void] {
  const key = `${me.value?.account} ${unit}`; // a desk is shared
  const [shown, setShown] = useState(looked.get(key) ?? 0);
  const look = (wanted: number): void => {
    looked.set(key, wanted);
    setShown(wanted);
  };
  return [shown, look];
}

export function Overdue(): JSX.Element {
  const chase = useLoaded('chase', async () => (await authed<Chase>('desk/chase')).data.items);
  const late = chase.data ?? [];
  const most = Math.max(1, ...late.map((each) => each.count));
  useEffect(() => {
    if (chase.data) scrollBack();
  }, [chase.data !== null]);
  const wishes = useWishes(); // beyond a dialog that was closed
  return (
    <section class="card stack" aria-labelledby="late">
      <h2 id="late">{t('leader.overdue_units')}</h2>
      <Stale of={chase} part />
      {!chase.data && (chase.error !== null
        ? <Failed error={chase.error} onRetry={chase.reload} />
        : <Loading rows={3} />)}
      {chase.data?.length === 0 && <p class="hint">{t('leader.none')}</p>}
      <ul class="plain bars">
        {[...late].sort((a, b) => b.count - a.count).map((each) => (
          <Unit each={each} most={most} wishes={wishes} key={each.unit} />
        ))}
      </ul>
      <Files formats={['pdf', 'csv']} />
    </section>
  );
}

/** A unit's line; opened it shows what is late, the longest first. */
function Unit({ each, most, wishes }: { each: Chased; most: number; wishes: Wishes }): JSX.Element {
  const [shown, look] = useLooked(each.unit);
  const open = shown > 0;
  const toggled = (event: { currentTarget: HTMLDetailsElement }): void => {
    if (event.currentTarget.open !== open) look(open ? 0 : SHOWN);
  };
  const [reminding, setReminding] = useState(false);
  // a directive is a leader's, and nobody gives themselves one
  const instructs = me.value?.role === 'leader' && me.value.unit !== each.unit;
  return (
    <li data-unit={each.unit}>
      <details open={open} onToggle={toggled}>
        <summary>
          <span>{unitName(each.unit)}</span>
          <meter min={0} max={most} value={each.count} aria-hidden="true" />
          <b class="num">{each.count}</b>
        </summary>
        <div class="stack">
          <div class="row">
            {instructs && (
              <Button icon="speakerphone" data-remind="open" onClick={() => setReminding(true)}>
                {t('remind.all', { n: each.count })}
              </Button>
            )}
            <Files unit={each.unit} formats={['pdf']} />
          </div>
          <LateCases cases={each.cases} shown={shown} onMore={look} />
        </div>
      </details>
      {reminding && <Remind unit={each.unit} wishes={wishes} onClose={() => setReminding(false)} />}
    </li>
  );
}

interface LateCasesProps {
  cases: readonly Late[];
  shown: number;
  onMore: (shown: number) => void;
}

/** As many as were asked for, and a way to the others. */
function LateCases({ cases, shown, onMore }: LateCasesProps): JSX.Element {
  const list = useRef<HTMLOListElement>(null);
  const more = (): void => {
    onMore(shown + SHOWN);
    // the button that had the focus may be gone
    requestAnimationFrame(() => list.current?.querySelectorAll('a')[shown]?.focus());
  };
  return (
    <>
      <ol class="plain" ref={list}>
        {cases.slice(0, shown).map((one) => <LateCase one={one} key={one.code} />)}
      </ol>
      {cases.length > shown && (
        <Button kind="quiet" onClick={more}>
          {t('leader.more_late', { n: cases.length - shown })}
        </Button>
      )}
    </>
  );
}

function LateCase({ one }: { one: Late }): JSX.Element {
  const to = { name: 'case', code: one.code } as const;
  const span = duration(Math.max(60, one.overdue_hours * 3600));
  return (
    <li>
      <a class="late num" href={pathOf(to)} onClick={onLink(to)}>
        <b>{one.code}</b>
        <span>{categoryName(one.category) || t('flag.category_to_confirm')}</span>
        <span class="left overdue">
          <Icon name="alert-triangle" />
          {t(one.clock === 'working' ? 'clock.over_for' : 'clock.over_for_elapsed', { span })}
        </span>
        <span class="hint">{t('case.directive_due', { time: moment(one.due_at, now.value) })}</span>
      </a>
    </li>
  );
}

type Format = 'pdf' | 'csv';
const ICONS: Record<Format, string> = { pdf: 'printer', csv: 'download' };

/** The chase as files, of one unit or of all; what does not come is said beside its button. */
function Files({ unit, formats }: { unit?: string; formats: readonly Format[] }): JSX.Element {
  const [busy, press] = usePress();
  const [failed, setFailed] = useState<unknown>(null);
  const save = (format: Format): void => {
    const query = new URLSearchParams({ ...(unit && { unit }), format });
    setFailed(null);
    void press(() => download(`/api/v1/desk/chase?${query}`).catch(setFailed));
  };
  return (
    <>
      {failed !== null && <Note kind="warn" role="alert">{wordsOf(failed)}</Note>}
      <div class="row">
        {formats.map((each) => (
          <Button icon={ICONS[each]} busy={busy} key={each} onClick={() => save(each)}>
            {t(unit ? 'leader.chase_unit' : `leader.chase_${each}`)}
          </Button>
        ))}
      </div>
    </>
  );
}
