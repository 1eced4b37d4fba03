/** The words of the pages. A key that is missing ends the build (build/texts.mjs). */
import { signal } from '@preact/signals';

export type Language = 'vi' | 'en';
export type Texts = Record<string, string>;
export type Loaders = Record<Language, () => Promise<{ default: Texts }>>;

export const language = signal<Language>('vi');
const texts = signal<Texts>({});
let loaders: Loaders | undefined;

/** Load the words of the chosen language; call once, before the first render. Without a network the
 shell may be in the other one: a worker holds one shell, and the choice is in the cookie. */
export async function startTexts(given: Loaders): Promise<void> {
  loaders = given;
  const chosen = /(?:^|; )lang=(vi|en)(?:;|$)/.exec(document.cookie)?.[1] ?? document.documentElement.lang;
  await use(chosen === 'en' ? 'en' : 'vi');
}

/** Change the language of the page and of every page that is opened later. */
export async function chooseLanguage(chosen: Language): Promise<void> {
  document.cookie = `lang=${chosen};path=/;max-age=31536000;samesite=lax`;
  await use(chosen);
}

async function use(chosen: Language): Promise<void> {
  const loaded = await loaders![chosen]();
  texts.value = loaded.default;
  language.value = chosen;
  document.documentElement.lang = chosen;
  for (const each of document.querySelectorAll<HTMLElement>('[data-words]')) each.textContent = t(each.dataset['words']!);
}

/** For tests and the worker: set words without a page. */
export function setTexts(chosen: Language, given: Texts): void {
  texts.value = given;
  language.value = chosen;
}

/** Return the words of a key; `{name}` takes the value of that name. */
export function t(key: string, values: Record<string, string | number> = {}): string {
  let found = texts.value[key];
  if (found === undefined && 'n' in values) {
    const rule = new Intl.PluralRules(language.value).select(Number(values.n));
    found = texts.value[`${key}.${rule}`] ?? texts.value[`${key}.other`];
  }
  if (found === undefined) wanting(key);
  return fill(found ?? key, values);
}

const missed = new Set<string>();

/** Say once that nobody wrote these words: a person reads the key now, and a test fails. */
function wanting(key: string): void {
  if (missed.has(key)) return;
  missed.add(key);
  console.error(`no words for ${key}`);
}

/** Say whether there are words for a key: for words that the server's data asks for. */
export function has(key: string): boolean {
  return key in texts.value;
}

export function fill(words: string, values: Record<string, string | number>): string {
  return words.replace(/\{(\w+)\}/g, (whole, name: string) => (name in values ? String(values[name]) : whole));
}

export interface Bilingual {
  vi: string;
  en?: string | null;
}

/** Return the reader's language of words that the API gives in two. */
export function both(words: Bilingual | string | null | undefined): string {
  if (!words) return '';
  if (typeof words === 'string') return words;
  return words[language.value] || words.vi;
}

/** Words that begin like a sentence and end like one. */
export function sentence(words: string): string {
  if (!words) return '';
  const begun = words[0]!.toLocaleUpperCase(language.value) + words.slice(1);
  return /[.!?]$/.test(begun) ? begun : `${begun}.`;
}
