/** Who else has this case open. The server says it anew every few seconds, or it is not known. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { language, t } from '@web/core/i18n';
import { Note } from '@web/ui/kit';
import { unitName } from './catalogue';
import { lastWord, quietly } from './session';

interface Other {
  role: string;
  unit: string | null;
  name: string | null; // of one's own unit only
}

interface Answer {
  others: Other[];
  beat_s: number;
}

const FIRST_MS = 8000;
const OWN_UNIT = new Set(['office_clerk', 'leader']); // their role names their unit

export function Company({ code }: { code: string }): JSX.Element | null {
  const others = useCompany(code);
  if (others === null) {
    return <Note icon="cloud-off" role="status">{t('company.unknown')}</Note>;
  }
  if (!others.length) return null;
  const names = new Intl.ListFormat(language.value).format(others.map(wordsOf));
  return (
    <Note icon="users" role="status">
      <span data-company={others.length}>{t('company.open', { who: names })}</span>
    </Note>
  );
}

function wordsOf({ role, unit, name }: Other): string {
  const place = OWN_UNIT.has(role) ? '' : unitName(unit);
  const office = [t(`role.${role}`), place].filter(Boolean).join(', ');
  return name ? `${name} (${t(`role.${role}`)})` : office;
}

/** Say that one is here while the page is seen; null: the answer is missing, nobody knows. */
function useCompany(code: string): Other[] | null {
  const [others, setOthers] = useState<Other[] | null>([]);
  useEffect(() => {
    const path = `desk/cases/${code}/presence`;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let ended = false;
    let every = FIRST_MS;
    const beat = async (): Promise<void> => {
      clearTimeout(timer);
      if (document.visibilityState === 'hidden') return;
      try {
        const said = await quietly<Answer>(path, { method: 'PUT', timeoutMs: every });
        every = said.beat_s * 1000;
        if (!ended) setOthers(said.others);
      } catch {
        if (!ended) setOthers(null);
      }
      if (!ended) timer = setTimeout(() => void beat(), every);
    };
    const leave = (): void => lastWord(path);
    const seen = (): void => void (document.visibilityState === 'hidden' ? leave() : beat());
    void beat();
    document.addEventListener('visibilitychange', seen);
    addEventListener('pagehide', leave);
    return () => {
      ended = true;
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', seen);
      removeEventListener('pagehide', leave);
      leave();
    };
  }, [code]);
  return others;
}
