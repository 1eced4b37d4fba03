/** The reporter's own token of a report: from a link's fragment, or typed by hand, into this device. */
import { ApiError, get } from '@web/core/api';
import { tokenIn } from '../logic/token';
import { type Receipt, keepReceipt, receiptOf } from '../store';
import type { CaseView } from './case';

/** What stands behind the `#`, when it is no place on the page. */
export function tokenOfAddress(): string {
  const words = tokenIn(location.hash);
  return words === 'main' ? '' : words;
}

/** What this page goes by: what the phone keeps, or the token behind the `#` of a link in a letter.
 That one goes into the phone, out of the address; where nothing can be kept it serves this visit. */
export async function receiptFor(code: string): Promise<Receipt | null> {
  const token = tokenOfAddress();
  if (token) history.replaceState(null, '', location.pathname);
  const known = (await receiptOf(code).catch(() => null)) ?? null;
  return token ? (await keepToken(code, token, known)).receipt : known;
}

interface Tried {
  good: boolean | null; // whether it is the report's own; null when nobody answers
  receipt: Receipt | null; // what the page goes by now
}

/** Keep a token when the server knows it, or nobody answers and none is kept: what is kept is worth more
 than a word behind a `#`. */
export async function keepToken(code: string, token: string, known: Receipt | null): Promise<Tried> {
  if (known?.kind === 'own' && known.token === token) return { good: true, receipt: known };
  const good = await opens(code, token);
  if (good === false || (good === null && known)) return { good, receipt: known };
  const receipt: Receipt = { code, draft_id: known?.draft_id ?? '', token, kind: 'own', at: known?.at ?? Date.now(), answer: known?.answer ?? null };
  await keepReceipt(receipt).catch(() => undefined);
  return { good, receipt };
}

async function opens(code: string, token: string): Promise<boolean | null> {
  try {
    return Boolean((await get<CaseView>(`reports/${code}`, { token })).timeline);
  } catch (failed) {
    return failed instanceof ApiError && [401, 404].includes(failed.status) ? false : null;
  }
}
