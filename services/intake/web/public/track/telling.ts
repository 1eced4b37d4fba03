/** How somebody is told of one report: channels, the confirmation of an address, this browser's push. */
import { call, get } from '@web/core/api';
import { readConfig } from '@web/core/config';
import { language } from '@web/core/i18n';

export const CHANNELS = ['push', 'email', 'zalo', 'sms'] as const; // in the order in which they are tried
export type Channel = (typeof CHANNELS)[number];
export const BY_PHONE: readonly Channel[] = ['zalo', 'sms'];

/** What the server knows: never an address itself, only that there is one. */
export interface Choice {
  channels: Channel[] | null; // null: nothing was chosen, the address given with the report is used
  addresses: { email: boolean; zalo: boolean; sms: boolean };
  unconfirmed?: Channel[]; // these wait for the owner of the address
  confirm_until?: string | null;
}

/** Whose choice it is: the reporter's own, or that of somebody who follows. */
export interface Told {
  code: string;
  token: string;
  kind: 'own' | 'followed';
}

export interface Wish {
  channels: Channel[];
  email?: string;
  phone?: string;
}

const pathOf = ({ code, kind }: Told): string => `reports/${code}/${kind === 'own' ? 'notifications' : 'follow'}`;

export const readChoice = (who: Told): Promise<Choice> => get<Choice>(pathOf(who), { token: who.token });

export async function choose(who: Told, wish: Wish): Promise<Choice> {
  return (await call<Choice>(pathOf(who), { method: 'PUT', token: who.token, body: { ...wish, language: language.value } })).data;
}

export async function confirmCode({ code, token }: Told, digits: string): Promise<Choice> {
  return (await call<Choice>(`reports/${code}/follow/confirm`, { body: { code: digits }, token })).data;
}

export async function unfollow({ code, token }: Told): Promise<void> {
  await call(`reports/${code}/follow`, { method: 'DELETE', token });
}

const notify = (path: string): string => `${readConfig().notify}/api/v1/${path}`;

/** The channels that this installation has and this browser can use; mail alone when it does not say. */
export async function offered(): Promise<Channel[]> {
  try {
    const found = (await get<{ items: { id: string }[] }>(notify('channels'))).items.map((each) => each.id);
    return CHANNELS.filter((each) => found.includes(each) && (each !== 'push' || canPush()));
  } catch {
    return ['email'];
  }
}

const canPush = (): boolean => 'PushManager' in globalThis && 'Notification' in globalThis && Boolean(navigator.serviceWorker);

/** Have this browser take pushes; null when its owner or its maker says no. */
export async function subscribe(): Promise<PushSubscriptionJSON | null> {
  if ((await Notification.requestPermission()) !== 'granted') return null;
  const { public_key: key } = await get<{ public_key: string | null }>(notify('push/key'));
  if (!key) return null;
  const registration = await navigator.serviceWorker.ready;
  const made = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }).catch(() => null);
  return made?.toJSON() ?? null;
}

/** Tell the city where this browser takes pushes about one report. */
export async function keepSubscription({ code, token }: Told, made: PushSubscriptionJSON): Promise<void> {
  await call(notify('push/subscriptions'), { body: { endpoint: made.endpoint, keys: made.keys, code }, token });
}
