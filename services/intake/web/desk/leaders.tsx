/** The leaders' page: what waits for them, who is late, what was instructed. */
import type { JSX } from 'preact';
import { t } from '@web/core/i18n';
import { Button, Empty, Failed, Loading, toast, wordsOf } from '@web/ui/kit';
import { unitName } from './catalogue';
import { Waiting } from './disclosures';
import { Rows } from './inbox';
import { now } from './live';
import { useLoaded } from './loading';
import { type Row, byUrgency, overdueByUnit } from './model';
import { Heading } from './parts';
import { authed, download, me } from './session';

interface Chased {
  items: { unit: string; count: number }[];
}

export function Leaders(): JSX.Element {
  const cases = useLoaded('leaders', async () => (await authed<{ items: Row[] }>('desk/cases?limit=200&state=submitted,assigned,accepted,in_progress,coordinating,at_office,awaiting_direction,reopened')).data.items);
  // the API's own list counts every case; what this page has loaded counts until it answers
  const chase = useLoaded('chase', async () => (await authed<Chased>('desk/chase')).data.items);
  const rows = cases.data ?? [];
  const late = chase.data?.map(({ unit, count }) => ({ unit, count })) ?? overdueByUnit(rows, now.value);
  const most = Math.max(1, ...late.map((each) => each.count));
  const save = (format: string): void => void download(`/api/v1/desk/chase?format=${format}`).catch((error: unknown) => toast(wordsOf(error)));
  return (
    <main id="main" class="leaders" tabIndex={-1}>
      <Heading title={t('nav.leaders')}>{t('nav.leaders')}</Heading>
      {cases.error !== null && !cases.data && <Failed error={cases.error} onRetry={cases.reload} />}
      {!cases.data && cases.error === null && <Loading rows={5} />}
      {cases.data && (
        <div class="columns">
          <div class="stack main">
            <Box title={t('leader.guidance')} rows={rows.filter((row) => row.state === 'awaiting_direction')} />
            <Box title={t('leader.directives')} rows={rows.filter((row) => row.directives_open > 0)} />
          </div>
          <div class="stack side">
            {me.value?.role === 'leader' && <Waiting />}
            <section class="card stack" aria-labelledby="late">
              <h2 id="late">{t('leader.overdue_units')}</h2>
              {late.length === 0 && <p class="hint">{t('leader.none')}</p>}
              <ul class="plain bars">
                {[...late].sort((a, b) => b.count - a.count).map((each) => (
                  <li key={each.unit}><span>{unitName(each.unit)}</span><meter min={0} max={most} value={each.count} aria-hidden="true" /><b class="num">{each.count}</b></li>
                ))}
              </ul>
              <div class="row">
                <Button icon="printer" onClick={() => save('pdf')}>{t('leader.chase_pdf')}</Button>
                <Button icon="download" onClick={() => save('csv')}>{t('leader.chase_csv')}</Button>
              </div>
            </section>
          </div>
        </div>
      )}
    </main>
  );
}

function Box({ title, rows }: { title: string; rows: readonly Row[] }): JSX.Element {
  return (
    <section class="stack">
      <h2>{title} <span class="count num">{rows.length}</span></h2>
      {rows.length ? <Rows rows={byUrgency(rows, now.value)} /> : <Empty icon="circle-check"><p>{t('leader.none')}</p></Empty>}
    </section>
  );
}
