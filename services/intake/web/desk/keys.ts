/** Single-letter shortcuts: off in fields and dialogs, and for whoever switches them off. */
import { effect, signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';

const KEPT = 'desk.keys';
export const keysOn = signal(typeof localStorage === 'undefined' || localStorage.getItem(KEPT) !== 'off');
if (typeof localStorage !== 'undefined') effect(() => localStorage.setItem(KEPT, keysOn.value ? 'on' : 'off'));

/** The actions that have a key: in the case, and in the inbox for the row that is chosen. */
export const ACTION_KEYS: Readonly<Record<string, string>> = {
  a: 'accept', r: 'result', f: 'forward',
};

let wished: { code: string; action: string | null } | null = null;

/** With which action a case's page is to begin when it is opened. */
export function wish(code: string, action: string | null): void {
  wished = { code, action };
}

/** The action that was wished for; once. */
export function wishOf(code: string): string | null {
  const action = wished?.code === code ? wished.action : null;
  wished = null;
  return action;
}

/** Whether a key press belongs to what has the focus. */
export function isTyping(target: EventTarget | null): boolean {
  const element = target as HTMLElement | null;
  return Boolean(element?.closest?.('input, textarea, select, [contenteditable], dialog, audio, video'));
}

export function useKeys(keys: Readonly<Record<string, () => unknown>>, inputs: readonly unknown[]): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      const act = keys[event.key];
      if (!act || !keysOn.value || isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
      // Enter on a link, a button or a pin of the map is theirs
      if (event.key === 'Enter' && (event.target as HTMLElement).closest?.('a, button, [role="button"]')) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', press);
    return () => removeEventListener('keydown', press);
  }, inputs as unknown[]);
}
