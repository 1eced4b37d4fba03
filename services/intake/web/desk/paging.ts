/** Lists that the API gives page by page: followed to their end, or to where nobody reads on. */
import { authed } from './session';

export interface Listed<T> {
  items: T[];
  next: string | null; // there is more behind it
}

const PAGE = 200;
const MOST = 5; // pages of one list

type Asked = Readonly<Record<string, string>>;

/** One page of cases; empty values are left out. */
export async function page<T>(path: string, asked: Asked, cursor = ''): Promise<Listed<T>> {
  const query = new URLSearchParams({ limit: String(PAGE) });
  for (const [name, value] of Object.entries({ ...asked, cursor })) {
    if (value) query.set(name, value);
  }
  return (await authed<Listed<T>>(`${path}?${query}`)).data;
}

/** A list to its end, or to `most` pages: then `next` says that there is more. */
export async function whole<T>(path: string, asked: Asked, most = MOST): Promise<Listed<T>> {
  const found = await page<T>(path, asked);
  for (let n = 1; n < most && found.next; n += 1) {
    const further = await page<T>(path, asked, found.next);
    found.items.push(...further.items);
    found.next = further.next;
  }
  return found;
}

/** A number of things of which there may be more: "1000+". */
export const counted = (n: number, more: boolean): string => `${n}${more ? '+' : ''}`;
