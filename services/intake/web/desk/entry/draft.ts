/** What an operator is typing for somebody: kept in this tab until it is sent or they sign out. */
import { useState } from 'preact/hooks';
import type { Bilingual } from '@web/core/i18n';
import { uuid } from '@web/core/ids';
import type { Point } from '@web/map/geo';
import { DRAFTS } from '../session';

export interface Entry {
  channel: string;
  text: string;
  category: string;
  area: string;
  address: string;
  place: Point | null;
  kind: string;
  name: string;
  phone: string;
  email: string;
  language: string;
  anonymity: string;
  terms: boolean;
}

export interface Receipt {
  code: string;
  promise: Bilingual | null; // null: a known case that is followed
  reword?: Bilingual;
  emergency: { number: string; name: Bilingual }[];
  secret?: string; // the caller's own: for the paper that they take along, and stored nowhere here
}

interface Kept {
  values: Entry;
  key: string; // of the values as they are: the same words sent twice are one case
  sent: Receipt | null;
}

const KEPT = `${DRAFTS}entry`;

const empty = (channel: string): Entry => ({
  channel, text: '', category: '', area: '', address: '', place: null, kind: 'resident', name: '',
  phone: '', email: '', language: 'vi', anonymity: 'open', terms: false,
});

export interface Draft {
  values: Entry;
  key: string;
  sent: Receipt | null;
  restored: boolean;
  change: (changes: Partial<Entry>) => void;
  finish: (sent: Receipt) => void;
  clear: () => void;
}

/** The draft of this tab; `usual` is the channel of a new one. */
export function useDraft(usual: string): Draft {
  const fresh = (): Kept => ({ values: empty(usual), key: uuid(), sent: null });
  const [known] = useState(read);
  const [kept, setKept] = useState<Kept>(known ?? fresh());
  const keep = (next: Kept): void => {
    sessionStorage.setItem(KEPT, JSON.stringify(next, (name, value: unknown) => (name === 'secret' ? undefined : value)));
    setKept(next);
  };
  return {
    ...kept,
    restored: known !== null && known.sent === null && kept === known,
    change: (changes) => keep({ values: { ...kept.values, ...changes }, key: uuid(), sent: null }),
    // the words of the caller go at once; the code stays until the next call, a reload loses nothing
    finish: (sent) => keep({ ...fresh(), sent }),
    clear: () => {
      sessionStorage.removeItem(KEPT);
      setKept(fresh());
    },
  };
}

function read(): Kept | null {
  const kept = sessionStorage.getItem(KEPT);
  return kept ? (JSON.parse(kept) as Kept) : null;
}

/** The report as the API takes it: what was left empty is left out. */
export function reportOf(values: Entry, terms: string | undefined): Record<string, unknown> {
  const said = (words: string): string | undefined => words.trim() || undefined;
  const nobody = values.anonymity === 'anonymous';
  const address = said(values.address);
  const location = values.place || address ? { ...values.place, address } : undefined;
  return {
    channel: values.channel,
    text: values.text.trim(),
    category: said(values.category),
    area: said(values.area),
    location,
    terms: { accepted: values.terms, version: terms },
    reporter: {
      kind: values.kind,
      anonymity: values.anonymity,
      language: values.language,
      ...(nobody
        ? {}
        : { name: said(values.name), phone: said(values.phone), email: said(values.email) }),
    },
  };
}
