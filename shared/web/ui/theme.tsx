/** Light, dark, or as the device says: kept on this device only. */
import { signal } from '@preact/signals';
import type { JSX } from 'preact';
import { t } from '../core/i18n';
import { Icon } from './kit';

const THEMES = ['auto', 'light', 'dark'] as const;
type Theme = (typeof THEMES)[number];
const ICONS: Record<Theme, string> = { auto: 'sun-moon', light: 'sun', dark: 'moon' };
const KEY = 'theme';
const theme = signal<Theme>('auto');

/** Take up what was chosen here before; call before the first render. */
export function startTheme(): void {
  use(THEMES.find((each) => each === read()) ?? 'auto');
}

function use(chosen: Theme): void {
  theme.value = chosen;
  if (chosen === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = chosen;
}

function choose(chosen: Theme): void {
  use(chosen);
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // a browser that keeps nothing: for this visit
  }
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export function ThemeChoice(): JSX.Element {
  return (
    <div class="themes" role="group" aria-label={t('theme.label')}>
      {THEMES.map((each) => (
        <button
          type="button"
          key={each}
          class="btn quiet"
          data-choose={each}
          aria-pressed={theme.value === each}
          onClick={() => choose(each)}
        >
          <Icon name={ICONS[each]} />
          <span>{t(`theme.${each}`)}</span>
        </button>
      ))}
    </div>
  );
}
