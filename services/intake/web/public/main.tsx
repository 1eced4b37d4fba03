/** The reporter's pages: one shell, a screen per path, each loaded when it is opened. */
import { signal } from '@preact/signals';
import { type FunctionComponent, render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { startTexts, t } from '@web/core/i18n';
import { ThemeChoice, startTheme } from '@web/ui/theme';
import { Button, Dialog, Failed, Icon, LanguageButton, Loading, SkipLink, Voices } from '@web/ui/kit';
import { loadCatalogue } from './catalogue';
import { going, openDrafts, startOutgoing } from './outgoing';
import { ReportPage, begin } from './report/ReportPage';
import { Strip } from './report/Strip';
import { go, path, startRouter } from './router';

type Loader = () => Promise<{ default: FunctionComponent }>;
const SCREENS: [RegExp, Loader][] = [
  [/^\/r\/[^/]+$/, () => import('./track/TrackPage')],
  [/^\/map$/, () => import('./map/MapPage')],
  [/^\/mine$/, () => import('./mine/MinePage')],
  [/^\/onestop$/, () => import('./onestop/OnestopPage')],
  [/^\/onestop\/board\/[^/]+$/, () => import('./onestop/BoardPage')],
  [/^\/offices$/, () => import('./places/OfficesPage')],
  [/^\/apps$/, () => import('./places/AppsPage')],
  [/^\/confirm$/, () => import('./mine/ConfirmPage')],
  [/^\/opt-out$/, () => import('./mine/OptOutPage')],
];
const LINKS = [
  ['/', 'nav.report', 'camera'],
  ['/mine', 'nav.mine', 'history'],
  ['/map', 'nav.map', 'map'],
  ['/onestop', 'nav.onestop', 'ticket'],
  ['/offices', 'nav.offices', 'building-community'],
  ['/apps', 'nav.apps', 'apps'],
] as const;
const menuOpen = signal(false);
const ours = (to: string): boolean => to === '/' || SCREENS.some(([pattern]) => pattern.test(to));

function App() {
  const at = path.value;
  return (
    <>
      <SkipLink />
      <header class="top">
        <a class="brand" href="/">
          <img src="/static/icon.svg" alt="" width="32" height="32" />
          <span>{t('app.name')}</span>
        </a>
        <nav class="links" aria-label={t('nav.label')}>
          {LINKS.map(([to, words]) => <NavLink key={to} to={to} words={t(words)} />)}
        </nav>
        <div class="row tight">
          <LanguageButton />
          <button
            type="button"
            class="btn quiet icon-only menu"
            aria-label={t('nav.menu')}
            aria-haspopup="dialog"
            onClick={() => (menuOpen.value = true)}
          >
            <Icon name="menu-2" />
            {going.value.length + openDrafts.value > 0 && <span class="dot" />}
          </button>
        </div>
      </header>
      <Strip />
      <main id="main" tabIndex={-1} class="page">
        {at === '/' ? <ReportPage /> : <Lazy at={at} key={at} />}
      </main>
      <footer class="foot-line">
        <div>
          <p>{t('footer.words')} <a href="tel:1022">1022</a></p>
          <p><a href="/static/licenses.txt">{t('footer.licenses')}</a></p>
        </div>
        <ThemeChoice />
      </footer>
      <Menu />
      <Voices />
    </>
  );
}

function NavLink({ to, words, icon }: { to: string; words: string; icon?: string }) {
  return (
    <a href={to} aria-current={path.value === to ? 'page' : undefined} onClick={() => (menuOpen.value = false)}>
      {icon && <Icon name={icon} />}
      {words}
    </a>
  );
}

function Menu() {
  return (
    <Dialog open={menuOpen.value} title={t('nav.menu')} onClose={() => (menuOpen.value = false)} foot={<Button onClick={() => (menuOpen.value = false)}>{t('close')}</Button>}>
      <nav class="menu-list" aria-label={t('nav.label')}>
        {LINKS.map(([to, words, icon]) => <NavLink key={to} to={to} words={t(words)} icon={icon} />)}
      </nav>
    </Dialog>
  );
}

function Lazy({ at }: { at: string }) {
  const [screen, setScreen] = useState<FunctionComponent | null>(null);
  const [error, setError] = useState<unknown>(null);
  const loader = SCREENS.find(([pattern]) => pattern.test(at))?.[1];
  const load = (): void => {
    setError(null);
    loader?.().then((found) => setScreen(() => found.default), setError);
  };
  useEffect(load, [at]);
  if (!loader) return <NotFound />;
  if (error) return <><h1>{t('app.name')}</h1><Failed error={error} onRetry={load} /></>;
  const Screen = screen;
  return Screen ? <Screen /> : <Loading />;
}

function NotFound() {
  return (
    <div class="stack">
      <h1 tabIndex={-1}>{t('notfound.title')}</h1>
      <p><a href="/">{t('notfound.home')}</a></p>
    </div>
  );
}

async function startWorker(): Promise<void> {
  if (!navigator.serviceWorker) return;
  const registration = await navigator.serviceWorker.register('/sw.js').catch(() => null);
  // a new build takes over when nothing is being sent from this page
  registration?.addEventListener('updatefound', () => {
    const fresh = registration.installing;
    fresh?.addEventListener('statechange', () => {
      if (fresh.state === 'installed' && navigator.serviceWorker.controller && !going.value.length) fresh.postMessage('take-over');
    });
  });
  const { active } = await navigator.serviceWorker.ready;
  idle(() => active?.postMessage('warm'));
}

const PATIENCE_MS = 4000;

/** Later, when the first view is there and nothing else is to be done. */
function idle(run: () => void): void {
  const later = (): void => ('requestIdleCallback' in globalThis ? void requestIdleCallback(run) : run()); // Safari has none
  setTimeout(later, PATIENCE_MS);
}

if (location.pathname === '/') void begin(); // the device's store opens while the words come
void startTexts({ vi: () => import('texts:public/vi'), en: () => import('texts:public/en') }).then(async () => {
  startTheme();
  startRouter(ours);
  if (path.value === '/map' && location.search.includes('layer=offices')) go('/offices');
  void loadCatalogue();
  startOutgoing();
  render(<App />, document.getElementById('app')!);
  await startWorker();
});
