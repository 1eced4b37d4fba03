/** The leaders' page: what waits for them, who is late, what was instructed. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Failed, Icon, Loading, Note, wordsOf } from '@web/ui/kit';
import { unitName } from './catalogue';
import { DirectivesBox } from './directives';
import { Waiting } from './disclosures';
import { Rows } from './rows';
import { now } from './live';
import { useLoaded } from './loading';
import { type Row, byUrgency } from './model';
import { type Listed, counted, whole } from './paging';
import { Heading, Stale } from './parts';
import { usePress } from './pressing';
import { authed, download, me } from './session';

interface Chased {
  items: { unit: string; count: number }[];
}

export function Leaders(): JSX.Element {
  const asked = useLoaded('leaders', () =>
    whole<Row>('desk/cases', { state: 'awaiting_direction' }),
  );
  const chase = useLoaded('chase', async () => (await authed<Chased>('desk/chase')).data.items);
  const late = chase.data ?? [];
  const most = Math.max(1, ...late.map((each) => each.count));
  const [busy, press] = usePress();
  const [failed, setFailed] = useState<unknown>(null);
  const save = (format: string): void => {
    setFailed(null);
    void press(() => download(`/api/v1/desk/chase?format=${format}`).catch(setFailed));
  };
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
            <section class="card stack" aria-labelledby="late">
              <h2 id="late">{t('leader.overdue_units')}</h2>
              <Stale of={chase} part />
              {!chase.data && (chase.error !== null
                ? <Failed error={chase.error} onRetry={chase.reload} />
                : <Loading rows={3} />)}
              {chase.data?.length === 0 && <p class="hint">{t('leader.none')}</p>}
              <ul class="plain bars">
                {[...late].sort((a, b) => b.count - a.count).map((each) => (
                  <li key={each.unit}><span>{unitName(each.unit)}</span><meter min={0} max={most} value={each.count} aria-hidden="true" /><b class="num">{each.count}</b></li>
                ))}
              </ul>
              {failed !== null && <Note kind="warn" role="alert">{wordsOf(failed)}</Note>}
              <div class="row">
                <Button icon="printer" busy={busy} onClick={() => save('pdf')}>{t('leader.chase_pdf')}</Button>
                <Button icon="download" busy={busy} onClick={() => save('csv')}>{t('leader.chase_csv')}</Button>
              </div>
            </section>
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
