/** The registry of the city's applications: what is built in, what is elsewhere, how it fares. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { moment } from '@web/core/dates';
import { type Bilingual, both, has, t } from '@web/core/i18n';
import { Button, Empty, Failed, Icon, Loading } from '@web/ui/kit';
import { arrive } from '../router';

interface App {
  id: string;
  title: Bilingual;
  native: boolean;
  health: string;
  links: { open?: string; news?: string };
}

interface News {
  title: string;
  published_at?: string | null;
}

export default function AppsPage() {
  const [found, setFound] = useState<App[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const load = (): void => {
    setError(null);
    get<{ items: App[] }>('apps').then((answer) => setFound(answer.items), setError);
  };
  useEffect(() => {
    arrive(`${t('apps.title')} · ${t('app.name')}`);
    load();
  }, []);
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('apps.title')}</h1>
      {error ? <Failed error={error} onRetry={load} /> : !found ? <Loading rows={4} /> : !found.length ? <Empty icon="apps"><p>{t('apps.empty')}</p></Empty> : <ul class="plain offices">{found.map((each) => <li key={each.id}><Card app={each} /></li>)}</ul>}
    </div>
  );
}

function Card({ app }: { app: App }) {
  const [news, setNews] = useState<News[] | null>(null);
  const health = `apps.${app.native ? 'native' : app.health}`;
  const read = (): void => void get<{ items: News[] }>(app.links.news!.replace('/api/v1/', '')).then((answer) => setNews(answer.items.slice(0, 5)), () => setNews([]));
  return (
    <div class="card stack small-gap">
      <h2 class="h3">{both(app.title)}</h2>
      <p class="hint"><Icon name={app.native ? 'check' : 'world'} /> {has(health) ? t(`apps.${app.native ? 'native' : app.health}`) : app.health}</p>
      <div class="row">
        {app.links.open && <a class="btn primary" href={app.links.open} target={app.native ? undefined : '_blank'} rel="noreferrer">{t('apps.open')}<span class="hidden-visually"> {both(app.title)}</span></a>}
        {app.links.news && <Button aria-label={`${t('apps.news')}: ${both(app.title)}`} onClick={read}>{t('apps.news')}</Button>}
      </div>
      {news && (news.length ? <ul class="plain stack small-gap">{news.map((each) => <li key={each.title}>{each.title} <span class="hint num">{each.published_at ? moment(each.published_at) : ''}</span></li>)}</ul> : <p class="hint">{t('apps.nonews')}</p>)}
    </div>
  );
}
