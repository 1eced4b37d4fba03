/** What happened to a case: when, what, by whom and why. */
import type { JSX } from 'preact';
import { agreed } from '@web/core/coordination';
import { moment } from '@web/core/dates';
import { both, has, t } from '@web/core/i18n';
import { unitName } from './catalogue';
import { now } from './live';
import type { Step } from './model';
import { me } from './session';

export function History({ steps }: { steps: readonly Step[] }): JSX.Element {
  return (
    <section class="card stack" aria-labelledby="history">
      <h2 id="history">{t('case.history')}</h2>
      <ol class="plain timeline">
        {[...steps].reverse().map((each) => <Line step={each} key={each.sequence} />)}
      </ol>
    </section>
  );
}

function Line({ step }: { step: Step }): JSX.Element {
  const who = whoActed(step);
  const why = whyOf(step);
  const unit = both(step.unit_name); // about which the step is; often the one that acts
  return (
    <li>
      <span class="hint num">{moment(step.at, now.value)}</span>
      <b>{both(step.title)}</b>
      {unit && <span>{unit}</span>}
      {who && who !== unit && <span class="hint" data-who>{t('case.by', { who })}</span>}
      {agreed(step, unitName, now.value).map((words) => <span key={words}>{words}</span>)}
      {why && <span data-why>{t('case.why', { why })}</span>}
      {step.text && <p class="text">{step.text}</p>}
    </li>
  );
}

/** Who acted, as far as it tells a colleague something: accounts are named by their unit. */
function whoActed({ actor, by }: Step): string {
  if (actor && actor === me.value?.account) return t('actor.me');
  if (by) return unitName(by);
  if (actor === 'reporter') return t('case.reporter');
  return actor && !actor.startsWith('u_') ? t('actor.system') : '';
}

const REASONS: Readonly<Record<string, string>> = {
  'case.refused.v1': 'choice.refuse', 'case.redirected.v1': 'choice.redirect',
  'case.closed.v1': 'reason.closed', 'case.forwarded.v1': 'reason.forwarded',
  'case.coordination_rejected.v1': 'reason.coordination_rejected',
};
const CODE = /^[a-z_]+$/;

/** The reason in words; what somebody wrote stands as it is, a code that nobody knows is left out. */
function whyOf({ type, reason }: Step): string {
  if (!reason) return '';
  const key = `${REASONS[type]}.${reason}`;
  if (has(key)) return t(key);
  return CODE.test(reason) ? '' : reason;
}
