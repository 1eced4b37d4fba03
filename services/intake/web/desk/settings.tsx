/** How an official is told: the order of their channels, their telephone, their quiet hours. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from '@web/core/api';
import { readConfig } from '@web/core/config';
import { t } from '@web/core/i18n';
import {
  Button, type Complaint, ErrorSummary, Failed, Field, FieldError, Icon, Loading, Note, toast, wordsOf,
} from '@web/ui/kit';
import { useLoaded } from './loading';
import { Heading } from './parts';
import { usePress } from './pressing';
import { authed, me } from './session';

interface Preferences {
  channels: string[] | null; // null: nothing was chosen, a mail is sent
  phone: string | null;
  quiet: { from: string; until: string } | null; // null: the city's hours
}

const PATH = 'auth/me/notifications';
const MAIL = 'email'; // the last channel, whatever was chosen: cases must arrive
// no push: a desk is shared, and a browser would go on telling whoever sits there next
const OFFERED = ['zalo', 'sms'] as const;
const BY_PHONE = new Set(['zalo', 'sms']);
const USUAL = { from: '22:00', until: '06:00' };

/** What this installation can do beside the mail. */
async function askOffered(): Promise<readonly string[]> {
  const path = `${readConfig().notify}/api/v1/channels`;
  const found = (await get<{ items: { id: string }[] }>(path)).items.map((each) => each.id);
  return OFFERED.filter((each) => found.includes(each));
}

export function Settings(): JSX.Element {
  const loaded = useLoaded(
    'settings', async () => (await authed<Preferences>(PATH)).data, () => false,
  );
  const unreachable = loaded.error instanceof ApiError && loaded.error.status === 409;
  return (
    <main id="main" class="leaders settings" tabIndex={-1}>
      <Heading title={t('nav.settings')}>{t('nav.settings')}</Heading>
      <p class="hint">{me.value?.display_name} · {me.value?.username}</p>
      {unreachable && <Note kind="warn" icon="bell-off">{wordsOf(loaded.error)}</Note>}
      {!loaded.data && loaded.error !== null && !unreachable && (
        <Failed error={loaded.error} onRetry={loaded.reload} />
      )}
      {!loaded.data && loaded.error === null && <Loading rows={3} />}
      {loaded.data && <Choose known={loaded.data} onSaved={loaded.put} />}
    </main>
  );
}

interface ChooseProps {
  known: Preferences;
  onSaved: (after: Preferences) => void;
}

function Choose({ known, onSaved }: ChooseProps): JSX.Element {
  const chosenBefore = (known.channels ?? []).filter((each) => each !== MAIL);
  const [channels, setChannels] = useState<readonly string[]>(chosenBefore);
  const [phone, setPhone] = useState(known.phone ?? '');
  const [quiet, setQuiet] = useState(known.quiet);
  const [unreachable, setUnreachable] = useState(false); // no telephone for what needs one
  const [refusal, setRefusal] = useState<unknown>(null);
  const [busy, press] = usePress();
  const offered = useLoaded('channels', askOffered, () => false).data ?? [];
  const byPhone = [...offered, ...channels].some((each) => BY_PHONE.has(each));
  const complaints = complaintsOf(refusal, unreachable);
  useEffect(() => setQuiet(known.quiet), [known]);
  const put = async (): Promise<void> => {
    try {
      const body = { channels: [...channels, MAIL], phone: phone.trim() || null, quiet };
      onSaved((await authed<Preferences>(PATH, { method: 'PUT', body })).data);
      toast(t('settings.saved'));
    } catch (error) {
      setRefusal(error);
    }
  };
  const save = (event: Event): void => {
    event.preventDefault();
    const wanting = channels.some((each) => BY_PHONE.has(each)) && !phone.trim();
    setUnreachable(wanting);
    setRefusal(null);
    if (!wanting) void press(put);
  };
  const said = (target: string): string | undefined =>
    complaints.find((each) => each.target === target)?.words;
  return (
    <form class="card stack" onSubmit={save} noValidate>
      <ErrorSummary complaints={complaints} />
      <Channels chosen={channels} offered={offered} onChange={setChannels} error={said('channels')} />
      {byPhone && <Phone phone={phone} onChange={setPhone} error={said('phone')} />}
      <Quiet quiet={quiet} onChange={setQuiet} error={said('quiet')} />
      <Button type="submit" kind="primary" icon="check" busy={busy}>{t('settings.save')}</Button>
    </form>
  );
}

interface PhoneProps {
  phone: string;
  onChange: (phone: string) => void;
  error?: string;
}

function Phone({ phone, onChange, error }: PhoneProps): JSX.Element {
  return (
    <Field
      id="phone"
      label={t('settings.phone')}
      hint={t('settings.phone_hint')}
      optional
      error={error}
    >
      {(given) => (
        <input
          {...given}
          type="tel"
          maxLength={24}
          autocomplete="tel"
          value={phone}
          onInput={(event) => onChange(event.currentTarget.value)}
        />
      )}
    </Field>
  );
}

/** What the server says, each at the part of the form that it is about. */
function complaintsOf(error: unknown, unreachable: boolean): Complaint[] {
  if (unreachable) return [{ target: 'phone', words: t('settings.phone_needed') }];
  if (error === null) return [];
  const named = error instanceof ApiError ? (error.problem.errors ?? []) : [];
  if (!named.length) return [{ target: 'channels', words: wordsOf(error) }];
  return named.map(({ field, detail }) => {
    const target = ['phone', 'quiet', 'channels'].find((each) => field.includes(each)) ?? 'channels';
    return { target, words: detail };
  });
}

interface ChannelsProps {
  chosen: readonly string[];
  offered: readonly string[];
  onChange: (chosen: readonly string[]) => void;
  error?: string;
}

/** The chosen channels in their order; the mail stands last and stays. */
function Channels({ chosen, offered, onChange, error }: ChannelsProps): JSX.Element {
  const rest = offered.filter((each) => !chosen.includes(each));
  const toggle = (name: string): void =>
    onChange(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  const up = (at: number): void => {
    const moved = [...chosen];
    moved.splice(at - 1, 0, ...moved.splice(at, 1));
    onChange(moved);
  };
  const box = (name: string, on: boolean): JSX.Element => (
    <label class="check">
      <input type="checkbox" checked={on} data-channel={name} onChange={() => toggle(name)} />
      {t(`settings.channel.${name}`)}
    </label>
  );
  return (
    <fieldset class={`channels${error ? ' wrong' : ''}`} id="channels" tabIndex={-1}>
      <legend>{t('settings.channels')}</legend>
      {error && <FieldError id="channels-error" words={error} />}
      {chosen.length + rest.length > 0 && <p class="hint">{t('settings.channels_hint')}</p>}
      <ol class="plain">
        {chosen.map((name, n) => (
          <li class="row between" key={name}>
            {box(name, true)}
            {n > 0 && (
              <Button
                kind="quiet"
                icon="arrow-up"
                aria-label={t('settings.up', { channel: t(`settings.channel.${name}`) })}
                onClick={() => up(n)}
              />
            )}
          </li>
        ))}
        {rest.map((name) => <li key={name}>{box(name, false)}</li>)}
        <li class="last"><Icon name="check" />{t('settings.mail')}</li>
      </ol>
    </fieldset>
  );
}

/** The half hours of a day, and one that was chosen elsewhere: a browser's own field may say AM. */
function timesWith(chosen: string): string[] {
  const half = Array.from({ length: 48 }, (_, n) => {
    return `${String(n >> 1).padStart(2, '0')}:${n % 2 ? '30' : '00'}`;
  });
  return half.includes(chosen) ? half : [...half, chosen].sort();
}

interface QuietProps {
  quiet: Preferences['quiet'];
  onChange: (quiet: Preferences['quiet']) => void;
  error?: string;
}

function Quiet({ quiet, onChange, error }: QuietProps): JSX.Element {
  const field = (name: 'from' | 'until', hours: { from: string; until: string }): JSX.Element => (
    <Field id={`quiet-${name}`} label={t(`settings.quiet_${name}`)}>
      {(given) => (
        <select
          {...given}
          value={hours[name].slice(0, 5)}
          onChange={(event) => onChange({ ...hours, [name]: event.currentTarget.value })}
        >
          {timesWith(hours[name].slice(0, 5)).map((each) => <option key={each}>{each}</option>)}
        </select>
      )}
    </Field>
  );
  return (
    <fieldset class={`stack${error ? ' wrong' : ''}`} id="quiet" tabIndex={-1}>
      <legend>{t('settings.quiet')}</legend>
      {error && <FieldError id="quiet-error" words={error} />}
      <p class="hint">{t('settings.quiet_hint')}</p>
      <label class="check">
        <input
          id="quiet-own"
          type="checkbox"
          checked={quiet !== null}
          onChange={() => onChange(quiet ? null : USUAL)}
        />
        {t('settings.quiet_own')}
      </label>
      {quiet && <div class="pair">{field('from', quiet)}{field('until', quiet)}</div>}
    </fieldset>
  );
}
