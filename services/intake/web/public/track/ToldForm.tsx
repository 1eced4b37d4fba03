/** The form behind "Báo tin cho tôi": which channels, where to, and the consent to be told there. */
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Field, FieldError, Icon, Note, toast } from '@web/ui/kit';
import { Refused, useOnce } from '../once';
import { BY_PHONE, type Channel, type Choice, type Told, choose, keepSubscription, subscribe } from './telling';

interface Given {
  channels: Channel[];
  email: string;
  phone: string;
  consent: boolean;
}

/** What is wrong by field, as keys of words: the reader may change the language while it stands there. */
type Wrongs = Partial<Record<'told-channels' | 'told-email' | 'told-phone' | 'told-consent', string>>;

const ICONS: Record<Channel, string> = { push: 'bell', email: 'send', zalo: 'message', sms: 'device-mobile' };
const byPhone = (channels: readonly Channel[]): boolean => channels.some((each) => BY_PHONE.includes(each));

function wrongsOf({ channels, email, phone, consent }: Given, { addresses }: Choice): Wrongs {
  const found: Wrongs = {};
  if (!channels.length) found['told-channels'] = 'told.wrong.channels';
  if (channels.includes('email') && (email ? !/^\S+@\S+\.\S+$/.test(email) : !addresses.email)) found['told-email'] = 'wrong.email';
  if (byPhone(channels) && (phone ? !/^(\+?84|0)[\d .-]{8,13}$/.test(phone) : !addresses.sms)) found['told-phone'] = 'wrong.phone';
  if (!consent) found['told-consent'] = 'told.wrong.consent';
  return found;
}

export function ToldForm({ who, choice, ways, onDone, onCancel }: { who: Told; choice: Choice; ways: readonly Channel[]; onDone: (made: Choice) => void; onCancel: () => void }) {
  const before = (choice.channels ?? []).filter((each) => ways.includes(each));
  const [given, setGiven] = useState<Given>({ channels: before.length ? before : ways.includes('email') ? ['email'] : [], email: '', phone: '', consent: false });
  const [wrong, setWrong] = useState<Wrongs>({});
  const [denied, setDenied] = useState(false);
  const saving = useOnce();
  const set = (part: Partial<Given>): void => setGiven({ ...given, ...part });
  const toggle = (each: Channel, on: boolean): void => set({ channels: ways.filter((one) => (one === each ? on : given.channels.includes(one))) });
  const save = async (): Promise<void> => {
    const push = given.channels.includes('push') ? await subscribe() : null;
    if (given.channels.includes('push') && !push) return setDenied(true);
    const made = await choose(who, { channels: given.channels, email: given.email.trim() || undefined, phone: given.phone.trim() || undefined });
    if (push) await keepSubscription(who, push);
    toast(t('told.saved'));
    onDone(made);
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const found = wrongsOf({ ...given, email: given.email.trim(), phone: given.phone.trim() }, choice);
    setWrong(found);
    setDenied(false);
    saving.forget();
    const [first] = Object.keys(found);
    if (first) return document.getElementById(first)?.focus();
    void saving.run(save);
  };
  const said = (field: keyof Wrongs): string | undefined => (wrong[field] ? t(wrong[field]) : undefined);
  return (
    <form class="stack" noValidate onSubmit={submit}>
      <Channels ways={ways} chosen={given.channels} error={said('told-channels')} onToggle={toggle} />
      {given.channels.includes('email') && <Address id="told-email" type="email" label={t('contact.email')} known={choice.addresses.email} value={given.email} error={said('told-email')} onInput={(email) => set({ email })} />}
      {byPhone(given.channels) && <Address id="told-phone" type="tel" label={t('contact.phone')} known={choice.addresses.sms} value={given.phone} error={said('told-phone')} onInput={(phone) => set({ phone })} />}
      {who.kind === 'followed' && given.channels.some((each) => each !== 'push') && <p class="hint">{t('told.asked')}</p>}
      <Consent given={given.consent} error={said('told-consent')} onChange={(consent) => set({ consent })} />
      {denied && <Note kind="bad" icon="alert-triangle" role="alert">{t('told.push.denied')}</Note>}
      <Refused error={saving.failed} />
      <div class="row">
        <Button type="submit" kind="primary" busy={saving.busy}>{t('told.save')}</Button>
        <Button onClick={onCancel}>{t('cancel')}</Button>
      </div>
    </form>
  );
}

function Channels({ ways, chosen, error, onToggle }: { ways: readonly Channel[]; chosen: readonly Channel[]; error?: string; onToggle: (each: Channel, on: boolean) => void }) {
  return (
    <fieldset id="told-channels" tabIndex={-1} class={error ? 'wrong' : ''}>
      <legend>{t('told.by')}</legend>
      {error && <FieldError id="told-channels-error" words={error} />}
      <div class="told-ways">
        {ways.map((each) => (
          <label class="choice" key={each}>
            <input type="checkbox" checked={chosen.includes(each)} onChange={(event) => onToggle(each, event.currentTarget.checked)} />
            <Icon name={ICONS[each]} />
            <span class="grow">{t(`told.${each}`)}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

function Address({ id, type, label, known, value, error, onInput }: { id: string; type: 'email' | 'tel'; label: string; known: boolean; value: string; error?: string; onInput: (value: string) => void }) {
  return (
    <Field id={id} label={label} hint={known ? t('told.known') : undefined} error={error} optional={known}>
      {(given) => (type === 'tel'
        ? <input {...given} type="tel" inputMode="tel" autocomplete="tel" maxLength={24} value={value} onInput={(event) => onInput(event.currentTarget.value)} />
        : <input {...given} type="email" inputMode="email" autocomplete="email" maxLength={254} value={value} onInput={(event) => onInput(event.currentTarget.value)} />)}
    </Field>
  );
}

function Consent({ given, error, onChange }: { given: boolean; error?: string; onChange: (given: boolean) => void }) {
  return (
    <div class={error ? 'field wrong' : ''}>
      {error && <FieldError id="told-consent-error" words={error} />}
      <label class="check">
        <input id="told-consent" type="checkbox" checked={given} aria-invalid={error ? 'true' : undefined} aria-describedby={error ? 'told-consent-error' : undefined} onChange={(event) => onChange(event.currentTarget.checked)} />
        <span>{t('told.consent')}</span>
      </label>
    </div>
  );
}
