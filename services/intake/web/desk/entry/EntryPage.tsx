/** A report for somebody on the telephone or at the counter, by hand and by keyboard alone. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { t } from '@web/core/i18n';
import { Button, type Complaint, ErrorSummary, Icon, Note, wordsOf } from '@web/ui/kit';
import { catalogue } from '../catalogue';
import { Heading } from '../parts';
import { usePress } from '../pressing';
import { authed, me } from '../session';
import { Caller, Terms } from './Caller';
import { Sent } from './Sent';
import { Similar } from './Similar';
import { Emergency, What } from './What';
import { Where } from './Where';
import { type Draft, type Entry, type Receipt, reportOf, useDraft } from './draft';

const SLOW_MS = 120_000; // files on a slow line

export function EntryPage(): JSX.Element {
  const channels = me.value?.enters ?? [];
  const draft = useDraft(channels[0] ?? '');
  return (
    <main id="main" class="entry" tabIndex={-1}>
      <Heading title={t('nav.entry')}>{t('nav.entry')}</Heading>
      {draft.sent ? (
        <Sent sent={draft.sent} onNext={draft.clear} />
      ) : (
        <EntryForm draft={draft} channels={channels} />
      )}
    </main>
  );
}

interface EntryFormProps {
  draft: Draft;
  channels: readonly string[];
}

function EntryForm({ draft, channels }: EntryFormProps): JSX.Element {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [missing, setMissing] = useState<readonly Missing[]>([]);
  const [refusal, setRefusal] = useState<unknown>(null);
  const [busy, press] = usePress();
  const { values } = draft;
  const complaints = [
    ...missing.map(({ target, key }) => ({ target, words: t(key) })),
    ...(refusal === null ? [] : complaintsOf(refusal)),
  ];
  const errorOf = (target: string): string | undefined =>
    complaints.find((each) => each.target === target)?.words;
  const send = (event: Event): void => {
    event.preventDefault();
    const found = missingOf(values);
    setMissing(found);
    setRefusal(null);
    if (found.length) return;
    void press(() => sent(draft, files).then(draft.finish, setRefusal));
  };
  // whoever types with a telephone at the ear leaves no hand for the mouse
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) send(event);
  };
  useEffect(() => {
    // after the heading, which takes the focus when one arrives
    const timer = setTimeout(() => document.getElementById('e-text')?.focus(), 120);
    return () => clearTimeout(timer);
  }, []);
  const part = { draft, errorOf };
  return (
    <form class="stack" onSubmit={send} onKeyDown={keys} noValidate data-form="entry">
      <Emergency text={values.text} />
      {draft.restored && (
        <Note icon="history" role="status">
          <p>{t('entry.restored')}</p>
          <Button kind="quiet" icon="trash" onClick={draft.clear}>{t('entry.discard')}</Button>
        </Note>
      )}
      <ErrorSummary complaints={complaints} />
      {channels.length > 1 && <Channel draft={draft} channels={channels} />}
      <div class="halves">
        <div class="stack">
          <What {...part} />
          <Where {...part} />
          <Similar draft={draft} />
        </div>
        <div class="stack">
          <Caller {...part} />
          <Evidence files={files} onChange={setFiles} />
          <Terms {...part} />
        </div>
      </div>
      <div class="row">
        <Button type="submit" kind="primary" large icon="send" busy={busy}>
          {t(busy ? 'form.sending' : 'entry.send')}
        </Button>
        <span class="hint only-wide">{t('entry.send_keys')}</span>
      </div>
    </form>
  );
}

function Channel({ draft, channels }: EntryFormProps): JSX.Element {
  return (
    <fieldset class="row channel" id="e-channel" tabIndex={-1}>
      <legend>{t('entry.channel')}</legend>
      {channels.map((each) => (
        <label class="choice" key={each}>
          <input
            type="radio"
            name="channel"
            value={each}
            checked={draft.values.channel === each}
            onChange={() => draft.change({ channel: each })}
          />
          {t(`entry.channel.${each}`)}
        </label>
      ))}
    </fieldset>
  );
}

interface EvidenceProps {
  files: readonly File[];
  onChange: (files: readonly File[]) => void;
}

/** What somebody brought to the counter or sent by mail; nobody has to bring anything. */
function Evidence({ files, onChange }: EvidenceProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const taken = (): void => {
    onChange([...files, ...(input.current?.files ?? [])]);
    if (input.current) input.current.value = '';
  };
  return (
    <section class="card stack" aria-labelledby="evidence">
      <h2 id="evidence">
        {t('entry.evidence')} <span class="hint">({t('optional')})</span>
      </h2>
      <ul class="plain">
        {files.map((each, n) => (
          <li class="row between" key={`${each.name}-${n}`}>
            <span><Icon name="paperclip" />{each.name}</span>
            <Button
              kind="quiet"
              icon="x"
              aria-label={t('entry.drop', { name: each.name })}
              onClick={() => onChange(files.filter((one) => one !== each))}
            />
          </li>
        ))}
      </ul>
      <input
        ref={input}
        id="e-files"
        class="hidden-visually"
        type="file"
        accept="image/*,audio/*"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={taken}
      />
      <Button icon="photo-plus" onClick={() => input.current?.click()}>{t('media.add')}</Button>
      {files.length > 0 && <p class="hint">{t('entry.files_not_kept')}</p>}
    </section>
  );
}

type Answer = Receipt & { tracking_token?: string };

/** Send the draft; the same words under the same key, however often it takes. */
async function sent({ values, key }: Draft, files: readonly File[]): Promise<Receipt> {
  const body = reportOf(values, catalogue.value.terms?.version);
  const answer = files.length
    ? await authed<Answer>('desk/reports', { form: formOf(body, files), key, timeoutMs: SLOW_MS })
    : await authed<Answer>('desk/reports', { body, key });
  // the tracking token is the caller's own: by message or on paper, and it stays with nobody here
  const { code, promise, reword, emergency, tracking_token: secret } = answer.data;
  return { code, promise, reword, emergency, secret };
}

function formOf(body: object, files: readonly File[]): FormData {
  const form = new FormData();
  form.append('report', new Blob([JSON.stringify(body)], { type: 'application/json' }));
  for (const each of files) form.append('media', each, each.name);
  return form;
}

interface Missing {
  target: string;
  key: string;
}

function missingOf(values: Entry): Missing[] {
  const found: Missing[] = [];
  if (!values.text.trim()) found.push({ target: 'e-text', key: 'entry.text_missing' });
  if (!values.terms) found.push({ target: 'e-terms', key: 'entry.terms_missing' });
  return found;
}

// the API's names of fields that are not named like their control here
const TARGETS: Readonly<Record<string, string>> = {
  reporter: 'e-phone', location: 'e-address', media: 'e-files', lat: 'e-address', lon: 'e-address',
};

function complaintsOf(error: unknown): Complaint[] {
  const broken = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  if (!broken.length) return [{ target: 'e-text', words: wordsOf(error) }];
  return broken.map((each) => {
    const field = each.field.split('.').pop() ?? '';
    return { target: TARGETS[field] ?? `e-${field}`, words: each.detail };
  });
}
