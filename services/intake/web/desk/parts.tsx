/** Small parts that several pages of the desk share. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { duration, moment, time } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { FlagChip, Icon, Note } from '@web/ui/kit';
import { connection, now } from './live';
import type { Loaded } from './loading';
import { type Clock, leftAt, urgency } from './model';
import { moved } from './route';

/** The heading of a page; it takes the focus when one arrives. */
export function Heading({ children, title }: { children: ComponentChildren; title: string }): JSX.Element {
  const box = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // the heading that stands when the data has come takes over from the one that waited
    if (moved() && document.activeElement === document.body) box.current?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    document.title = `${title} · ${t('desk.title')}`;
  }, [title]);
  return <h1 tabIndex={-1} ref={box}>{children}</h1>;
}

interface StaleProps {
  of: Omit<Loaded<unknown>, 'put'>;
  held?: boolean; // something older is shown
  part?: boolean; // of a page: that the connection is lost is said once, under the page's heading
}

const AGAIN_MS = 10_000;

/** Says under a heading that what is shown is of an earlier moment, and of which; asks again. */
export function Stale({ of, held = of.data !== null, part }: StaleProps): JSX.Element | null {
  const failed = held && of.error !== null;
  useEffect(() => {
    if (!failed) return;
    const again = setInterval(() => document.visibilityState === 'visible' && of.reload(), AGAIN_MS);
    return () => clearInterval(again);
  }, [failed, of.reload]);
  if (!failed && (part || connection.value !== 'lost')) return null;
  return (
    <Note kind="warn" icon="cloud-off" role="status">
      {t('inbox.stale', { time: time(of.at || Date.now()) })}
    </Note>
  );
}

/** Time left in working time, as words and a shape; red only when it is over. */
export function TimeLeft({ clock, full }: { clock: Clock; full?: boolean }): JSX.Element {
  // a line of a list says the span and the moment; a case says all of it
  const short = !full;
  const kind = urgency(clock, now.value);
  const seconds = leftAt(clock, now.value);
  const span = duration(kind === 'overdue' ? Math.max(60, -seconds) : seconds);
  if (kind === 'stopped') return <span class="left stopped"><Icon name="circle-check" />{t('clock.stopped')}</span>;
  const key = kind === 'overdue' ? 'clock.over_for' : 'clock.left_for';
  return (
    <span class={`left ${kind}`} data-urgency={kind}>
      <Icon name={kind === 'overdue' ? 'alert-triangle' : kind === 'soon' ? 'clock-exclamation' : 'clock'} />
      <span>
        <b class="num">
          {short
            ? t(kind === 'overdue' ? 'clock.row_over' : 'clock.row_left', { span })
            : t(clock.kind === 'working' ? key : `${key}_elapsed`, { span })}
        </b>
        {short && <span class="due num">{moment(clock.due_at, now.value)}</span>}
        {full && <span class="due">{t('clock.due', { time: moment(clock.due_at, now.value) })}</span>}
        {full && !clock.stopped && !clock.running && clock.next_opening && (
          <span class="due">{t('clock.closed_now', { time: moment(clock.next_opening, now.value) })}</span>
        )}
      </span>
    </span>
  );
}

const SHOWN_FLAGS = ['emergency', 'evidence_missing', 'category_to_confirm', 'identity_sealed', 'outside_boundaries'];

export function Flags({ flags, restricted, clock }: { flags: readonly string[]; restricted?: boolean; clock?: Clock }): JSX.Element {
  const kind = clock ? urgency(clock, now.value) : 'calm';
  return (
    <>
      {kind === 'overdue' && <FlagChip flag="overdue" />}
      {kind === 'soon' && <FlagChip flag="soon" />}
      {flags.filter((each) => SHOWN_FLAGS.includes(each)).map((each) => (
        <span class={`chip ${each === 'emergency' ? 'overdue' : 'held'}`} key={each}>
          <Icon name={each === 'emergency' ? 'flag' : 'info-circle'} />{t(`flag.${each}`)}
        </span>
      ))}
      {restricted && <span class="chip refused"><Icon name="lock" />{t('flag.restricted')}</span>}
    </>
  );
}
