/** Lists of cases: one line each, by what is left of its time. */
import type { ComponentChildren, JSX } from 'preact';
import { moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Icon, StateChip } from '@web/ui/kit';
import { areaName, categoryName, unitName } from './catalogue';
import { nextOf } from './forms';
import { now } from './live';
import { Marked } from './marked';
import type { Row } from './model';
import { Flags, TimeLeft } from './parts';
import { onLink, pathOf } from './route';
import { me } from './session';

const NO_EVIDENCE = 'evidence_missing';

interface RowsProps {
  rows: readonly Row[];
  chosen?: number;
  more?: (row: Row) => ComponentChildren; // what stands below a line, outside its link
}

export function Rows({ rows, chosen = -1, more }: RowsProps): JSX.Element {
  return (
    <ol class="plain rows">
      {rows.map((row, n) => (
        <Line row={row} key={row.code} chosen={n === chosen} next={more ? null : nextOf(row.actions)}>
          {more?.(row)}
        </Line>
      ))}
    </ol>
  );
}

interface LineProps {
  row: Row;
  chosen: boolean;
  next: string | null; // the action that comes next, where it is not done from the list
  children?: ComponentChildren;
}

function Line({ row, chosen, next, children }: LineProps): JSX.Element {
  const to = { name: 'case', code: row.code } as const;
  const flags = row.flags.filter((each) => each !== NO_EVIDENCE); // said in the line below
  const where = row.location?.address || areaName(row.area) || row.location?.area || t('case.no_place');
  return (
    <li class={`line${chosen ? ' chosen' : ''}`} data-code={row.code}>
      <a href={pathOf(to)} onClick={onLink(to)} aria-current={chosen ? 'true' : undefined}>
        <TimeLeft clock={row.clock} />
        <span class="what">
          <b>{categoryName(row.category) || t('flag.category_to_confirm')}</b>
          {row.excerpt && (
            <span class="excerpt"><Marked text={row.excerpt} marks={row.flagged} /></span>
          )}
          <span class="hint num">
            {row.code} · {where} · {moment(row.received_at, now.value)}
            {row.flags.includes(NO_EVIDENCE) && ` · ${t('row.no_evidence')}`}
          </span>
        </span>
        <span class="standing">
          <span class="chips">
            <StateChip state={row.state} />
            <Flags flags={flags} restricted={row.restricted} />
            {row.hops > 0 && <span class="chip">{t('triage.hops', { n: row.hops })}</span>}
          </span>
          {row.unit !== me.value?.unit && <span class="hint owner">{unitName(row.unit)}</span>}
          {next && <span class="next" data-next={next}><Icon name="chevron-right" />{t(`action.${next}`)}</span>}
        </span>
        <Evidence row={row} />
      </a>
      {children}
    </li>
  );
}

function Evidence({ row }: { row: Row }): JSX.Element {
  const { image, audio } = row.media;
  return (
    <span class="evidence num">
      {image > 0 && <span><Icon name="photo" label={t('media.kind.image')} />{image}</span>}
      {audio > 0 && <span><Icon name="volume" label={t('media.kind.audio')} />{audio}</span>}
    </span>
  );
}

interface ChoiceProps {
  id: string;
  label: string;
  value: string;
  onChange: (value: string) => void;
  options: readonly (readonly [string, string])[];
  none?: string;
}

export function Choice({ id, label, value, onChange, options, none }: ChoiceProps): JSX.Element {
  const pick = (event: { currentTarget: HTMLSelectElement }): void => {
    onChange(event.currentTarget.value);
  };
  return (
    <label class="pick" for={id}>
      <span class="hint">{label}</span>
      <select id={id} class="input" value={value} onChange={pick}>
        <option value="">{none ?? t('filter.any')}</option>
        {options.map(([key, words]) => <option value={key} key={key}>{words}</option>)}
      </select>
    </label>
  );
}
