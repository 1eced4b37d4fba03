/** The Office's triage: what is held, what no rule placed, what was forwarded. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Empty, Failed, Loading, Tabs } from '@web/ui/kit';
import { Rows } from './inbox';
import { now } from './live';
import { useLoaded } from './loading';
import { type Row, type TriageBox, byUrgency, triageBoxes } from './model';
import { Heading } from './parts';
import { authed } from './session';

const BOXES: readonly TriageBox[] = ['urgent', 'held', 'unrouted', 'forwarded', 'outside'];
const OPEN = 'submitted,held,assigned,accepted,in_progress,coordinating,at_office,awaiting_direction,reopened';

export function Triage(): JSX.Element {
  const [box, setBox] = useState<TriageBox>('held');
  const loaded = useLoaded('triage', async () => (await authed<{ items: Row[] }>(`desk/cases?state=${OPEN}&limit=200`)).data.items);
  const rows = loaded.data ?? [];
  const count = (each: TriageBox): number => rows.filter((row) => triageBoxes(row).includes(each)).length;
  const shown = byUrgency(rows.filter((row) => triageBoxes(row).includes(box)), now.value);
  return (
    <main id="main" class="inbox" tabIndex={-1}>
      <Heading title={t('nav.triage')}>{t('nav.triage')}</Heading>
      <Tabs label={t('nav.triage')} chosen={box} onChoose={(id) => setBox(id as TriageBox)} tabs={BOXES.map((id) => ({ id, label: <>{t(`triage.${id}`)} <span class="count num">{count(id)}</span></> }))} />
      <section role="tabpanel" id={`panel-${box}`} aria-labelledby={`tab-${box}`}>
        {!loaded.data && (loaded.error !== null ? <Failed error={loaded.error} onRetry={loaded.reload} /> : <Loading rows={5} />)}
        {loaded.data && shown.length === 0 && <Empty icon="circle-check"><p>{t('leader.none')}</p></Empty>}
        {shown.length > 0 && <Rows rows={shown} />}
      </section>
    </main>
  );
}
