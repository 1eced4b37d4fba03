/** The Office's triage: what is held, what no rule placed, what was forwarded. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Empty, Failed, Loading, Tabs } from '@web/ui/kit';
import { now } from '../live';
import { useLoaded } from '../loading';
import {
  OPEN_STATES, type Row, type TriageBox, byUrgency, merged, triageBoxes,
} from '../model';
import { type Listed, counted, whole } from '../paging';
import { Heading, Stale } from '../parts';
import { Rows } from '../rows';
import { Decide } from './Decide';

const BOXES: readonly TriageBox[] = ['urgent', 'held', 'unrouted', 'forwarded', 'outside'];

const open = OPEN_STATES.join();
/** What the boxes hold, each asked for by itself: the units' open cases are thousands. */
const ASKED: readonly Readonly<Record<string, string>>[] = [
  { state: 'held,at_office' },
  { state: open, unit: 'office' },
  { state: open, flag: 'emergency' },
  { state: open, flag: 'outside_boundaries' },
];

async function toDecide(): Promise<Listed<Row>> {
  const found = await Promise.all(ASKED.map((each) => whole<Row>('desk/cases', each)));
  const items = found.reduce<Row[]>((all, each) => merged(all, each.items), []);
  return { items, next: found.find((each) => each.next)?.next ?? null };
}

export function Triage(): JSX.Element {
  const [chosen, setBox] = useState<TriageBox | null>(null);
  const loaded = useLoaded('triage', toDecide);
  const rows = loaded.data?.items ?? [];
  const more = Boolean(loaded.data?.next);
  const inBox = (box: TriageBox): Row[] => rows.filter((row) => triageBoxes(row).includes(box));
  // one begins where there is work
  const box = chosen ?? BOXES.find((each) => inBox(each).length > 0) ?? 'held';
  const shown = byUrgency(inBox(box), now.value);
  const label = (id: TriageBox): JSX.Element => (
    <>{t(`triage.${id}`)} <span class="count num">{counted(inBox(id).length, more)}</span></>
  );
  return (
    <main id="main" class="inbox" tabIndex={-1}>
      <Heading title={t('triage.title')}>{t('triage.title')}</Heading>
      <Stale of={loaded} />
      <Tabs
        label={t('nav.triage')}
        chosen={box}
        onChoose={(id) => setBox(id as TriageBox)}
        tabs={BOXES.map((id) => ({ id, label: label(id) }))}
      />
      <section role="tabpanel" id={`panel-${box}`} aria-labelledby={`tab-${box}`}>
        {!loaded.data && loaded.error !== null && (
          <Failed error={loaded.error} onRetry={loaded.reload} />
        )}
        {!loaded.data && loaded.error === null && <Loading rows={5} />}
        {loaded.data && shown.length === 0 && (
          <Empty icon="circle-check"><p>{t('leader.none')}</p></Empty>
        )}
        {shown.length > 0 && (
          <Rows
            rows={shown}
            more={(row) => <Decide row={row} onDone={loaded.reload} />}
          />
        )}
      </section>
    </main>
  );
}
