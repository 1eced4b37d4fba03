/** The audit: who did what, the newest first, chained by hashes. Read here, changed by nobody. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { day, time } from '@web/core/dates';
import { has, t } from '@web/core/i18n';
import { Button, Empty, Failed, Field, Loading, wordsOf } from '@web/ui/kit';
import { unitName } from './catalogue';
import { useLoaded } from './loading';
import { Heading } from './parts';
import { usePress } from './pressing';
import { onLink, pathOf } from './route';
import { Choice } from './rows';
import { authed } from './session';

interface Entry {
  number: number;
  at: string;
  actor: string;
  actor_name: string | null; // of an account, as it is called today
  role: string | null;
  unit: string | null;
  kind: string;
  subject: string;
  subject_name: string | null;
  purpose: string | null;
  hash: string;
}

interface Page {
  items: Entry[];
  next: number | null;
}

interface Asked {
  subject: string;
  kind: string;
}

const LIMIT = 100;
const CODE = /^DL-/;
const ACCOUNT = /^u_/;
// what the server calls whoever is no account
const NOBODY: Readonly<Record<string, string>> = {
  '-': 'audit.nobody', reporter: 'case.reporter', system: 'actor.system',
};

const KINDS = [
  'reporter.viewed', 'reporter.look_refused', 'original.viewed', 'applicant.viewed',
  'reporter.erased', 'originals.erased', 'disclosure.requested', 'disclosure.approved',
  'disclosure.rejected', 'disclosure.revoked', 'disclosure.downloaded', 'account.created',
  'account.changed', 'account.password_changed', 'account.signed_in', 'account.sign_in_failed',
  'account.locked', 'session.signed_out', 'session.revoked', 'session.refresh_token_reused',
  'api_key.issued', 'api_key.revoked', 'app.changed', 'app.removed', 'applicant.erased',
  'visitors.erased',
];

async function read({ subject, kind }: Asked, cursor: number): Promise<Page> {
  const asked = new URLSearchParams({ order: 'newest', limit: String(LIMIT) });
  if (cursor) asked.set('cursor', String(cursor));
  if (subject) asked.set('subject', subject);
  if (kind) asked.set('kind', kind);
  return (await authed<Page>(`desk/audit?${asked}`)).data;
}

export function AuditPage(): JSX.Element {
  const [asked, setAsked] = useState<Asked>({ subject: '', kind: '' });
  return (
    <main id="main" class="inbox" tabIndex={-1}>
      <Heading title={t('nav.audit')}>{t('nav.audit')}</Heading>
      <p class="hint">{t('audit.lead')}</p>
      <Search asked={asked} onSearch={setAsked} />
      <Entries asked={asked} key={`${asked.kind}|${asked.subject}`} />
    </main>
  );
}

interface SearchProps {
  asked: Asked;
  onSearch: (asked: Asked) => void;
}

function Search({ asked, onSearch }: SearchProps): JSX.Element {
  const [typed, setTyped] = useState('');
  const search = (event: Event): void => {
    event.preventDefault();
    onSearch({ ...asked, subject: typed.trim() });
  };
  return (
    <form class="filters" onSubmit={search}>
      <Field id="audit-subject" label={t('audit.subject')} hint={t('audit.subject_hint')}>
        {(given) => (
          <input
            {...given}
            value={typed}
            maxLength={200}
            autocapitalize="none"
            spellcheck={false}
            onInput={(event) => setTyped(event.currentTarget.value)}
          />
        )}
      </Field>
      <Button type="submit" icon="search">{t('audit.search')}</Button>
      <Choice
        id="audit-kind"
        label={t('audit.what')}
        value={asked.kind}
        onChange={(kind) => onSearch({ ...asked, kind })}
        options={KINDS.map((each) => [each, t(`audit.kind.${each}`)])}
      />
    </form>
  );
}

/** The entries that are asked for; older ones on demand. */
function Entries({ asked }: { asked: Asked }): JSX.Element {
  const [older, setOlder] = useState<Page | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const [busy, press] = usePress();
  // an entry is never changed: only a new question asks again
  const loaded = useLoaded('audit', () => read(asked, 0), () => false);
  const entries = [...(loaded.data?.items ?? []), ...(older?.items ?? [])];
  const following = older ? older.next : loaded.data?.next;
  const goOn = async (): Promise<void> => {
    setFailed(null);
    try {
      const found = await read(asked, following!);
      setOlder({ items: [...(older?.items ?? []), ...found.items], next: found.next });
    } catch (error) {
      setFailed(error);
    }
  };
  if (!loaded.data) {
    if (loaded.error === null) return <Loading rows={5} />;
    return <Failed error={loaded.error} onRetry={loaded.reload} />;
  }
  return (
    <>
      {entries.length === 0 && <Empty icon="file-text"><p>{t('audit.empty')}</p></Empty>}
      {entries.length > 0 && (
        <ol class="plain audit">{entries.map((each) => <Line entry={each} key={each.number} />)}</ol>
      )}
      {failed !== null && <p class="error" role="alert">{wordsOf(failed)}</p>}
      {following && (
        <div class="row center">
          <Button busy={busy} onClick={() => void press(goOn)}>{t('audit.older')}</Button>
        </div>
      )}
    </>
  );
}

function Line({ entry }: { entry: Entry }): JSX.Element {
  return (
    <li data-entry={entry.kind} data-number={entry.number}>
      <span class="num when">
        <b>{time(entry.at)}</b> <span class="hint">{day(entry.at)} · #{entry.number}</span>
      </span>
      <span>
        <b>{wordsFor('audit.kind', entry.kind)}</b>
        {entry.purpose && <span class="hint"> · {wordsFor('identity', entry.purpose)}</span>}
      </span>
      <Actor entry={entry} />
      <Subject entry={entry} />
    </li>
  );
}

const wordsFor = (group: string, name: string): string =>
  has(`${group}.${name}`) ? t(`${group}.${name}`) : name;

/** Who did it: by name, with the role and unit that they had then. */
function Actor({ entry }: { entry: Entry }): JSX.Element {
  const { actor, actor_name: name, role, unit } = entry;
  const place = role === 'office_clerk' || role === 'leader' ? '' : unitName(unit);
  const office = [role && wordsFor('role', role), place].filter(Boolean).join(', ');
  return (
    <span>
      <span>{name ?? unnamed(actor)}</span>
      {office && <span class="hint block">{office}</span>}
    </span>
  );
}

/** What it is about; a case leads to its page, an account has its name. */
function Subject({ entry }: { entry: Entry }): JSX.Element {
  const { subject, subject_name: name, actor, kind } = entry;
  if (CODE.test(subject)) {
    const to = { name: 'case', code: subject } as const;
    return <a class="num subject" href={pathOf(to)} onClick={onLink(to)}>{subject}</a>;
  }
  // of one's own account or session nothing more is to be said
  if (subject === actor || kind.startsWith('session.')) return <span />;
  return <span class="hint num subject">{name ?? unnamed(subject)}</span>;
}

function unnamed(reference: string): string {
  const known = NOBODY[reference];
  if (known) return t(known);
  return ACCOUNT.test(reference) ? t('audit.gone') : reference;
}
