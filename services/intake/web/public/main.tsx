/** The reporter's pages: one shell, a screen per path, each loaded when it is opened. */
import { render } from 'preact';
import { startTexts, t } from '@web/core/i18n';
import { LanguageButton, SkipLink, Voices } from '@web/ui/kit';

function App() {
  return (
    <>
      <SkipLink />
      <header class="top">
        <a class="brand" href="/">{t('app.name')}</a>
        <LanguageButton />
      </header>
      <main id="main" tabIndex={-1} class="page">
        <h1>{t('app.name')}</h1>
      </main>
      <Voices />
    </>
  );
}

void startTexts({ vi: () => import('texts:public/vi'), en: () => import('texts:public/en') }).then(() => {
  render(<App />, document.getElementById('app')!);
});
