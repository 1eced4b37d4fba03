/** The parts that every page is built of. */
import { signal } from '@preact/signals';
import type { ButtonHTMLAttributes, ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { ApiError } from '../core/api';
import { chooseLanguage, language, t } from '../core/i18n';

declare const ICONS: string;

export function Icon({ name, large, label }: { name: string; large?: boolean; label?: string }): JSX.Element {
  return (
    <svg class={`icon${large ? ' large' : ''}`} aria-hidden={label ? undefined : 'true'} role={label ? 'img' : undefined} aria-label={label} focusable="false">
      <use href={`${ICONS}#${name}`} />
    </svg>
  );
}

type ButtonProps = Omit<ButtonHTMLAttributes, 'icon'> & {
  kind?: 'primary' | 'danger' | 'quiet' | 'plain';
  icon?: string;
  wide?: boolean;
  large?: boolean;
  busy?: boolean;
  type?: 'button' | 'submit';
  disabled?: boolean;
};

/** A button. `busy` keeps its place and its focus, and presses do nothing: a form is not sent either, also
 not by Enter in a field, which presses the form's button. */
export function Button({ kind = 'plain', icon, wide, large, busy, children, onClick, class: more, ...rest }: ButtonProps): JSX.Element {
  const names = ['btn', kind !== 'plain' && kind, wide && 'wide', large && 'large', icon && !children && 'icon-only', more];
  return (
    <button type="button" {...rest} class={names.filter(Boolean).join(' ')} aria-disabled={busy || undefined} onClick={busy ? refuse : onClick}>
      {icon && <Icon name={icon} />}
      {children && <span>{children}</span>}
    </button>
  );
}

const refuse = (event: Event): void => event.preventDefault();

interface FieldProps {
  id?: string;
  label: string;
  hint?: ComponentChildren;
  error?: string;
  optional?: boolean;
  children: (given: { id: string; 'aria-describedby'?: string; 'aria-invalid'?: 'true'; class: string }) => ComponentChildren;
}

/** A label, a hint, the control and its error, tied together for screen readers. */
export function Field({ id, label, hint, error, optional, children }: FieldProps): JSX.Element {
  const made = useId();
  const own = id ?? made;
  const described = [hint && `${own}-hint`, error && `${own}-error`].filter(Boolean).join(' ') || undefined;
  return (
    <div class={`field${error ? ' wrong' : ''}`}>
      <label for={own}>
        {label} {optional && <span class="hint">({t('optional')})</span>}
      </label>
      {hint && <div class="hint" id={`${own}-hint`}>{hint}</div>}
      {error && <FieldError id={`${own}-error`} words={error} />}
      {children({ id: own, 'aria-describedby': described, 'aria-invalid': error ? 'true' : undefined, class: 'input' })}
    </div>
  );
}

export function FieldError({ id, words }: { id: string; words: string }): JSX.Element {
  return (
    <p class="error" id={id}>
      <Icon name="alert-triangle" />
      <span><span class="hidden-visually">{t('error.prefix')} </span>{words}</span>
    </p>
  );
}

export interface Complaint {
  target: string; // id of the control
  words: string;
}

/** What is wrong, on top and focused, with links to the fields. */
export function ErrorSummary({ complaints }: { complaints: readonly Complaint[] }): JSX.Element | null {
  const box = useRef<HTMLDivElement>(null);
  const said = complaints.map((each) => each.words).join('|');
  useEffect(() => {
    if (said) box.current?.focus();
  }, [said]);
  if (!complaints.length) return null;
  return (
    <div class="summary" role="alert" tabIndex={-1} ref={box} aria-labelledby="summary-title">
      <h2 id="summary-title">{t('error.summary')}</h2>
      <ul class="plain">
        {complaints.map((each) => (
          <li key={each.target + each.words}>
            <a href={`#${each.target}`} onClick={(event) => toField(event, each.target)}>{each.words}</a>
          </li>
        ))}
      </ul>
    </div>
  );
}

function toField(event: Event, id: string): void {
  event.preventDefault();
  const found = document.getElementById(id);
  found?.scrollIntoView({ block: 'center' });
  found?.focus();
}

export const STATE_ICONS: Record<string, string> = {
  submitted: 'send', assigned: 'arrow-forward', accepted: 'user-check', in_progress: 'progress',
  coordinating: 'users', held: 'hourglass', at_office: 'hourglass', awaiting_direction: 'hourglass',
  resolved: 'circle-check', closed: 'archive', reopened: 'rotate', refused: 'ban',
  redirected: 'arrow-bounce', withdrawn: 'arrow-back-up',
};

/** The state of a case: icon and words, colour besides. */
export function StateChip({ state }: { state: string }): JSX.Element {
  return (
    <span class={`chip ${state}`} data-state={state}>
      <Icon name={STATE_ICONS[state] ?? 'info-circle'} />
      {t(`state.${state}`)}
    </span>
  );
}

export function FlagChip({ flag }: { flag: 'soon' | 'overdue' }): JSX.Element {
  return (
    <span class={`chip ${flag}`}>
      <Icon name={flag === 'soon' ? 'clock-exclamation' : 'alert-triangle'} />
      {t(`flag.${flag}`)}
    </span>
  );
}

export function Note({ kind = '', icon = 'info-circle', role, children }: { kind?: '' | 'warn' | 'bad' | 'good'; icon?: string; role?: 'status' | 'alert'; children: ComponentChildren }): JSX.Element {
  return (
    <div class={`note ${kind}`} role={role}>
      <Icon name={icon} />
      <div class="grow">{children}</div>
    </div>
  );
}

interface DialogProps {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  foot?: ComponentChildren;
  wide?: boolean;
  stays?: boolean; // nothing but the page itself takes it away
}

/** A modal dialog of the browser: it traps focus, Escape closes, focus goes back.

    A press beside it closes it too, unless somebody has put something in: that would be lost. */
export function Dialog({ open, title, onClose, children, foot, wide, stays }: DialogProps): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const touched = useRef(false);
  const id = useId();
  const beside = (event: Event): void => {
    if (event.target === box.current && !stays && !touched.current) onClose();
  };
  const key = (event: KeyboardEvent): void => {
    // a browser obeys a second Escape whatever `cancel` says
    if (stays && event.key === 'Escape') event.preventDefault();
  };
  const closed = (): void => {
    if (stays && open) box.current?.showModal();
    else onClose();
  };
  useEffect(() => {
    const dialog = box.current!;
    if (open && !dialog.open) {
      touched.current = false;
      dialog.showModal();
    }
    if (!open && dialog.open) dialog.close();
  }, [open]);
  return (
    <dialog
      ref={box}
      class={wide ? 'broad' : undefined}
      aria-labelledby={id}
      onClose={closed}
      onCancel={(event) => stays && event.preventDefault()}
      onKeyDown={key}
      onInput={() => (touched.current = true)}
      onClick={beside}
    >
      {open && (
        <div class="inside">
          <h2 id={id}>{title}</h2>
          <div class="stack" style={{ marginTop: '12px' }}>{children}</div>
          <div class="foot">{foot ?? <Button onClick={onClose}>{t('close')}</Button>}</div>
        </div>
      )}
    </dialog>
  );
}

const toasts = signal<{ id: number; words: string }[]>([]);
let lastToast = 0;

/** Say something for a moment, politely; also read out. */
export function toast(words: string, forMs = 5000): void {
  const id = (lastToast += 1);
  toasts.value = [...toasts.value, { id, words }];
  setTimeout(() => (toasts.value = toasts.value.filter((each) => each.id !== id)), forMs);
}

const announced = signal('');

/** Have a screen reader say something that everybody else sees anyway. */
export function announce(words: string): void {
  announced.value = '';
  setTimeout(() => (announced.value = words), 60);
}

/** Put once into every page: toasts and the live region. */
export function Voices(): JSX.Element {
  return (
    <>
      <div class="toasts" role="status">
        {toasts.value.map((each) => <div class="toast" key={each.id}>{each.words}</div>)}
      </div>
      <div class="hidden-visually" aria-live="polite">{announced.value}</div>
    </>
  );
}

export function SkipLink(): JSX.Element {
  return <a class="skip" href="#main" onClick={(event) => toField(event, 'main')}>{t('skip')}</a>;
}

export function LanguageButton(): JSX.Element {
  const other = language.value === 'vi' ? 'en' : 'vi';
  return (
    <button type="button" class="btn quiet language" lang={other} aria-label={`${t('language.other')}`} onClick={() => void chooseLanguage(other)}>
      {t('language.other')}
    </button>
  );
}

export interface Tab {
  id: string;
  label: ComponentChildren;
}

/** Tabs by the pattern of ARIA: arrows move, the panel is the caller's with id `panel-<id>`. */
export function Tabs({ tabs, chosen, onChoose, label }: { tabs: readonly Tab[]; chosen: string; onChoose: (id: string) => void; label: string }): JSX.Element {
  const bar = useRef<HTMLDivElement>(null);
  const move = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((each) => each.id === chosen);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const to = event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1 : step ? (at + step + tabs.length) % tabs.length : -1;
    if (to < 0) return;
    event.preventDefault();
    onChoose(tabs[to]!.id);
    bar.current?.querySelectorAll<HTMLElement>('[role="tab"]')[to]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} ref={bar} onKeyDown={move}>
      {tabs.map((each) => (
        <button type="button" role="tab" key={each.id} id={`tab-${each.id}`} aria-selected={each.id === chosen} aria-controls={`panel-${each.id}`} tabIndex={each.id === chosen ? 0 : -1} onClick={() => onChoose(each.id)}>
          {each.label}
        </button>
      ))}
    </div>
  );
}

export function Empty({ icon = 'list', children }: { icon?: string; children: ComponentChildren }): JSX.Element {
  return <div class="state" data-list="empty"><Icon name={icon} />{children}</div>;
}

export function Loading({ rows = 3 }: { rows?: number }): JSX.Element {
  return (
    <div class="stack" data-list="loading" role="status" aria-label={t('loading')}>
      {Array.from({ length: rows }, (_, n) => <span class="skeleton block" key={n} />)}
    </div>
  );
}

/** What went wrong in words, with a way to try again. */
export function Failed({ error, onRetry }: { error: unknown; onRetry?: () => void }): JSX.Element {
  return (
    <div class="state" data-list="error" role="alert">
      <Icon name="cloud-off" />
      <p>{wordsOf(error)}</p>
      {onRetry && <Button icon="refresh" onClick={onRetry}>{t('retry')}</Button>}
    </div>
  );
}

/** An error in the reader's language. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiError) {
    if (error.offline) return t('error.network');
    return error.reasons.join(' ') || error.words || t('error.server');
  }
  return t('error.server');
}
