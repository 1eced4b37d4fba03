/** The leaders' page: what waits for them, who is late, what was instructed. */
import type { JSX } from 'preact';
import { t } from '@web/core/i18n';
import { Failed, Icon, Loading } from '@web/ui/kit';
import { DirectivesBox } from './directives';
import { Waiting } from './disclosures';
import { Rows } from './rows';
import { now } from './live';
import { useLoaded } from './loading';
import { type Row, byUrgency } from './model';
import { Overdue } from './overdue';
import { type Listed, counted, whole } from './paging';
import { Heading, Stale } from './parts';
import { me } from './session';

export function Leaders(): JSX.Element {
  const asked = useLoaded('leaders', () =>
    whole<Row>('desk/cases', { state: 'awaiting_direction' }),
  );
  return (
    <main id="main" class="leaders" tabIndex={-1}>
      <Heading title={t('nav.leaders')}>{t('nav.leaders')}</Heading>
      <Stale of={asked} />
      {!asked.data && asked.error === null && <Loading rows={5} />}
      {(asked.data || asked.error !== null) && (
        <div class="columns">
          <div class="stack main">
            {!asked.data && <Failed error={asked.error} onRetry={asked.reload} />}
            {asked.data && <Asked list={asked.data} />}
            <DirectivesBox />
          </div>
          <div class="stack side">
            {me.value?.role === 'leader' && <Waiting />}
            <Overdue />
          </div>
        </div>
      )}
    </main>
  );
}

/** The questions that wait for an answer. */
function Asked({ list: { items: rows, next } }: { list: Listed<Row> }): JSX.Element {
  return (
    <section class="stack">
      <h2>
        {t('leader.guidance')}{' '}
        <span class="count num">{counted(rows.length, next !== null)}</span>
      </h2>
      {rows.length ? <Rows rows={byUrgency(rows, now.value)} /> : <p class="card hint none"><Icon name="circle-check" />{t('leader.none')}</p>}
    </section>
  );
}
