/** The officials' desk: sign-in, menu, pages. */
import { render } from 'preact';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { startTexts, t } from '@web/core/i18n';
import { Button, Icon, LanguageButton, SkipLink, Voices } from '@web/ui/kit';
import { AuditPage } from './audit';
import { CasePage } from './casepage';
import { loadCatalogue } from './catalogue';
import { Disclosures } from './disclosures';
import { EntryPage } from './entry/EntryPage';
import { Inbox } from './inbox/InboxPage';
import { Leaders } from './leaders';
import { useKeys } from './keys';
import { startLive } from './live';
import { OneStopDesk } from './onestop/OneStopPage';
import { Operations } from './operations';
import { type Place, go, listenToHistory, onLink, pathOf, place, visits } from './route';
import { asked, me, resume, signOut } from './session';
import { Settings } from './settings';
import { ChangePassword, SignInAgain, SignInPage } from './signin';
import { Triage } from './triage/TriagePage';

type Name = Exclude<Place['name'], 'case' | 'home'>;
type Item = { name: Name; icon: string; roles: readonly string[] };

const MENU: readonly Item[] = [
  { name: 'leaders', icon: 'gavel', roles: ['leader'] },
  { name: 'inbox', icon: 'list', roles: ['officer', 'unit_head', 'office_clerk', 'leader'] },
  { name: 'triage', icon: 'filter', roles: ['office_clerk', 'leader'] },
  { name: 'disclosures', icon: 'share', roles: ['office_clerk', 'leader'] },
  { name: 'onestop', icon: 'ticket', roles: ['onestop_clerk'] },
  { name: 'operations', icon: 'layout-dashboard', roles: ['ioc_operator'] },
  { name: 'audit', icon: 'history', roles: ['office_clerk', 'leader', 'administrator'] },
];

const ENTRY: Item = { name: 'entry', icon: 'phone', roles: [] }; // by what the account may enter

/** The menu of who is signed in; the first is where one begins. */
function mine(role: string): Item[] {
  const own = MENU.filter((each) => each.roles.includes(role));
  return me.value?.enters?.length ? [...own.slice(0, 2), ENTRY, ...own.slice(2)] : own;
}

function App(): JSX.Element {
  const who = me.value;
  if (!who) return <SignInPage />;
  if (who.must_change_password) return <ChangePassword />;
  return <Desk role={who.role} key={who.account} />; // another person finds nothing open
}

function Desk({ role }: { role: string }): JSX.Element {
  const named = me.value?.display_name || me.value?.username;
  // whoever has no inbox has no stream of one
  useEffect(() => startLive(mine(role).some((each) => each.name === 'inbox')), []);
  useEffect(() => void loadCatalogue().catch(() => undefined), []);
  useEffect(() => {
    // on a phone the menu is wider than the screen
    const here = document.querySelector<HTMLElement>('.top nav [aria-current]');
    here?.parentElement?.scrollTo({ left: here.offsetLeft - here.parentElement.offsetLeft });
  }, [place.value]);
  useKeys({ n: () => me.value?.enters?.length && go({ name: 'entry' }) }, []);
  return (
    <>
      <SkipLink />
      <header class="top">
        <a class="brand" href={pathOf({ name: 'home' })} onClick={onLink({ name: 'home' })}>
          <b>{t('app.name')}</b><span>{t('desk.title')}</span>
        </a>
        <nav aria-label={t('nav.label')}>
          {mine(role).map((each) => (
            <a
              key={each.name}
              href={pathOf({ name: each.name })}
              onClick={onLink({ name: each.name })}
              aria-current={shownName(role) === each.name ? 'page' : undefined}
            >
              <Icon name={each.icon} />{t(`nav.${each.name}`)}
            </a>
          ))}
        </nav>
        <div class="row who">
          <a
            class="person"
            href={pathOf({ name: 'settings' })}
            onClick={onLink({ name: 'settings' })}
            aria-current={place.value.name === 'settings' ? 'page' : undefined}
            title={t('nav.settings')}
          >
            <span class="hint">
              <b>{named}</b> {named !== t(`role.${role}`) && t(`role.${role}`)}
            </span>
            <Icon name="bell" label={t('nav.settings')} />
          </a>
          <LanguageButton />
          <Button kind="quiet" icon="logout" aria-label={t('signout')} onClick={() => void signOut()} />
        </div>
      </header>
      <Shown role={role} />
      {asked.value && <SignInAgain />}
    </>
  );
}

function shownName(role: string): Place['name'] {
  return place.value.name === 'home' ? (mine(role)[0]?.name ?? 'inbox') : place.value.name;
}

function Shown({ role }: { role: string }): JSX.Element {
  const at = place.value;
  if (at.name === 'case') return <CasePage code={at.code} key={at.code} />;
  switch (shownName(role)) {
    case 'triage':
      return <Triage />;
    case 'leaders':
      return <Leaders />;
    case 'disclosures':
      return <Disclosures />;
    case 'onestop':
      return <OneStopDesk />;
    case 'audit':
      return <AuditPage />;
    case 'entry':
      return <EntryPage />;
    case 'settings':
      return <Settings />;
    case 'operations':
      return <Operations />;
    default:
      return <Inbox key={visits.value} />;
  }
}

function Root(): JSX.Element {
  return (
    <>
      <App />
      <Voices />
    </>
  );
}

void startTexts({ vi: () => import('texts:desk/vi'), en: () => import('texts:desk/en') }).then(() => {
  resume();
  listenToHistory();
  render(<Root />, document.getElementById('app')!);
});
