/** The keyboard in an inbox: j and k move, Enter opens, a, r and f begin an action, / searches. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { ACTION_KEYS, useKeys, wish } from '../keys';
import type { Row } from '../model';
import { go } from '../route';

/** Which row the keyboard is on; what is pressed there is about it. */
export function useRows(rows: readonly Row[]): number {
  const [at, setAt] = useState(-1);
  const kept = useRef({ rows, at });
  kept.current.rows = rows;
  // in a ref, so that a key pressed before the next paint finds where the last one went
  const move = (step: number): void => {
    const last = kept.current.rows.length - 1;
    kept.current.at = Math.max(Math.min(0, last), Math.min(last, kept.current.at + step));
    setAt(kept.current.at);
  };
  const open = (action: string | null): void => {
    const row = kept.current.rows[kept.current.at];
    if (!row || (action && !row.actions.includes(action))) return;
    wish(row.code, action);
    go({ name: 'case', code: row.code });
  };
  const search = (): void => document.getElementById('search')?.focus();
  const actions = Object.entries(ACTION_KEYS).map(([key, name]) => [key, () => open(name)]);
  const ways = { j: () => move(1), k: () => move(-1), Enter: () => open(null), '/': search };
  useKeys({ ...ways, ...Object.fromEntries(actions) }, []);
  useEffect(() => {
    if (at < 0) return;
    document.querySelectorAll('.rows .line')[at]?.scrollIntoView({ block: 'nearest' });
  }, [at]);
  return at;
}
