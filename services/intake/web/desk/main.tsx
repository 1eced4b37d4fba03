/** The officials' desk: sign-in, menu, pages. */
import { render } from 'preact';
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import { startTexts, t } from '@web/core/i18n';
import { Button, Icon, LanguageButton, SkipLink, Voices } from '@web/ui/kit';
import { CasePage } from './casepage';
import { loadCatalogue } from './catalogue';
import { Disclosures } from './disclosures';
import { Inbox } from './inbox';
import { Leaders } from './leaders';
import { startLive } from './live';
import { OneStopDesk } from './onestop';
import { type Place, listenToHistory, onLink, pathOf, place } from './route';
import { asked, me, resume, signOut } from './session';
import { ChangePassword, SignInAgain, SignInPage } from './signin';
import { Triage } from './triage';

type Name = Exclude<Place['name'], 'case' | 'home'>;

const MENU: readonly { name: Name; icon: string; roles: readonly string[] }[] = [
  { name: 'leaders', icon: 'gavel', roles: ['leader'] },
  { name: 'inbox', icon: 'list', roles: ['officer', 'unit_head', 'office_clerk', 'leader'] },
  { name: 'triage', icon: 'filter', roles: ['office_clerk', 'leader'] },
  { name: 'disclosures', icon: 'share', roles: ['office_clerk', 'leader'] },
  { name: 'onestop', icon: 'ticket', roles: ['onestop_clerk'] },
];

// the first is where one begins
const mine = (role: string) => MENU.filter((each) => each.roles.includes(role));

function App(): JSX.Element {
  const who = me.value;
  if (!who) return <SignInPage />;
  if (who.must_change_password) return <ChangePassword />;
  return <Desk role={who.role} />;
}

function Desk({ role }: { role: string }): JSX.Element {
  useEffect(() => startLive(), []);
  useEffect(() => void loadCatalogue().catch(() => undefined), []);
  return (
    <>
      <SkipLink />
      <header class="top">
        <a class="brand" href={pathOf({ name: 'home' })} onClick={onLink({ name: 'home' })}><b>{t('app.name')}</b><span>{t('desk.title')}</span></a>
        <nav aria-label={t('nav.label')}>
          {mine(role).map((each) => (
            <a key={each.name} href={pathOf({ name: each.name })} onClick={onLink({ name: each.name })} aria-current={shownName(role) === each.name ? 'page' : undefined}>
              <Icon name={each.icon} />{t(`nav.${each.name}`)}
            </a>
          ))}
        </nav>
        <div class="row who">
          <span class="hint"><b>{me.value?.display_name || me.value?.username}</b> {t(`role.${role}`)}</span>
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
    default:
      return <Inbox />;
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
