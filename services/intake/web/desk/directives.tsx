/** The leaders' directives: one line each, with how far it is; the overdue ones first. */
import type { JSX } from 'preact';
import { moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Failed, Icon, Loading } from '@web/ui/kit';
import { categoryName, unitName } from './catalogue';
import { now } from './live';
import { useLoaded } from './loading';
import type { Directive } from './model';
import { Stale } from './parts';
import { onLink, pathOf } from './route';
import { authed } from './session';

export interface Given extends Directive {
  code: string;
  category: string | null;
  given_at: string;
}

/** How far it is: sent, acknowledged, carried out; and when that was. */
export function Standing({ each }: { each: Directive }): JSX.Element {
  const { fulfilled_at, acknowledged_at } = each;
  const name = fulfilled_at ? 'done' : acknowledged_at ? 'read' : 'sent';
  const icon = { done: 'circle-check', read: 'eye', sent: 'send' }[name];
  const at = fulfilled_at ?? acknowledged_at;
  return (
    <span class="hint" data-standing={name}>
      <Icon name={icon} />{t(`case.directive_${name}`)}{at && ` · ${moment(at, now.value)}`}
    </span>
  );
}

export function DirectivesBox(): JSX.Element {
  const loaded = useLoaded(
    'directives', async () => (await authed<{ items: Given[] }>('desk/directives')).data.items,
  );
  const items = loaded.data;
  const open = items?.filter((each) => !each.fulfilled_at).length;
  return (
    <section class="stack" aria-labelledby="directives">
      <h2 id="directives">
        {t('leader.directives')} {open !== undefined && <span class="count num">{open}</span>}
      </h2>
      <Stale of={loaded} part />
      {!items && (loaded.error !== null
        ? <Failed error={loaded.error} onRetry={loaded.reload} />
        : <Loading rows={2} />)}
      {items?.length === 0 && (
        <p class="card hint none"><Icon name="circle-check" />{t('leader.none')}</p>
      )}
      {items && items.length > 0 && (
        <ol class="plain stack">{items.map((each) => <Line each={each} key={`${each.code}.${each.id}`} />)}</ol>
      )}
    </section>
  );
}

function Line({ each }: { each: Given }): JSX.Element {
  const to = { name: 'case', code: each.code } as const;
  const due = t(each.overdue ? 'leader.directive_over' : 'case.directive_due', {
    time: moment(each.due_at, now.value),
  });
  return (
    <li class={`card directive${each.overdue ? ' overdue' : ''}`} data-directive={`${each.code}.${each.id}`}>
      <div class="row between">
        <b>{unitName(each.addressee)}</b>
        <span class={`chip num${each.overdue ? ' overdue' : ''}`}>
          <Icon name={each.overdue ? 'alert-triangle' : 'calendar-due'} />{due}
        </span>
      </div>
      <p class="text">{each.text}</p>
      <div class="row between">
        <Standing each={each} />
        <a class="caselink num" href={pathOf(to)} onClick={onLink(to)}>
          {each.code} · {categoryName(each.category) || t('flag.category_to_confirm')}
        </a>
      </div>
    </li>
  );
}
