/** The registry of the city's applications: what is built in, what is elsewhere, how it fares. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { moment } from '@web/core/dates';
import { type Bilingual, both, has, t } from '@web/core/i18n';
import { Button, Empty, Failed, Icon, Loading, wordsOf } from '@web/ui/kit';
import { useArrival } from '../router';

interface App {
  id: string;
  title: Bilingual;
  icon: string;
  audience: string;
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
  useArrival(`${t('apps.title')} · ${t('app.name')}`);
  useEffect(load, []);
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('apps.title')}</h1>
      <p class="hint">{t('apps.hint')}</p>
      {error ? <Failed error={error} onRetry={load} /> : !found ? <Loading rows={4} /> : <Groups found={found} />}
    </div>
  );
}

const ready = (each: App): boolean => Boolean(each.links.open);

function Groups({ found }: { found: App[] }) {
  if (!found.length) return <Empty icon="apps"><p>{t('apps.empty')}</p></Empty>;
  const groups = [['apps.ready', found.filter(ready)], ['apps.coming', found.filter((each) => !ready(each))]] as const;
  return (
    <>
      {groups.filter(([, all]) => all.length).map(([title, all]) => (
        <section key={title} class="stack" aria-labelledby={title}>
          <h2 id={title}>{t(title)}</h2>
          <ul class="plain apps">{all.map((each) => <li key={each.id}><Card app={each} /></li>)}</ul>
        </section>
      ))}
    </>
  );
}

// the pictures that the build knows; the registry may name any
const PICTURES = ['map-2', 'notebook', 'building-monument', 'map-pin', 'briefcase', 'bus', 'tool', 'ticket', 'calendar-due'];

function Card({ app }: { app: App }) {
  const [news, setNews] = useState<News[] | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const health = `apps.${app.native ? 'native' : app.health}`;
  const read = (): void => void get<{ items: News[] }>(app.links.news!.replace('/api/v1/', '')).then((answer) => { setNews(answer.items.slice(0, 5)); setFailed(null); }, setFailed);
  return (
    <div class={`card stack small-gap app${ready(app) ? '' : ' coming'}`}>
      <div class="row top-row">
        <span class="app-icon"><Icon name={PICTURES.includes(app.icon) ? app.icon : 'apps'} large /></span>
        <div class="grow">
          <h3>{both(app.title)}</h3>
          <p class="hint">
            {has(`apps.for.${app.audience}`) ? `${t(`apps.for.${app.audience}`)} · ` : ''}
            {has(health) ? t(health) : app.health}
          </p>
        </div>
      </div>
      {(app.links.open || app.links.news) && (
        <div class="row">
          {app.links.open && (
            <a class="btn primary" href={app.links.open} target={app.native ? undefined : '_blank'} rel="noreferrer">
              {t('apps.open')}
              <span class="hidden-visually"> {both(app.title)}</span>
            </a>
          )}
          {app.links.news && <Button aria-label={`${t('apps.news')}: ${both(app.title)}`} onClick={read}>{t('apps.news')}</Button>}
        </div>
      )}
      {failed !== null && <p class="error" role="alert"><Icon name="cloud-off" />{wordsOf(failed)}</p>}
      {failed === null && news && (news.length ? <ul class="plain stack small-gap">{news.map((each) => <li key={each.title}>{each.title} <span class="hint num">{each.published_at ? moment(each.published_at) : ''}</span></li>)}</ul> : <p class="hint">{t('apps.nonews')}</p>)}
    </div>
  );
}
