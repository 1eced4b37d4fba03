// The desk's actions as data: which words each one asks for. The API says which are allowed now.

export type FieldKind =
  | 'text'
  | 'line'
  | 'unit'
  | 'units'
  | 'category'
  | 'area'
  | 'instant'
  | 'choice'
  | 'evidence'
  | 'directive'
  | 'code';

export type Field = {
  name: string;
  kind: FieldKind;
  required?: boolean;
  choices?: readonly string[]; // words are `choice.<form>.<value>`
  least?: number; // letters
  initial?: 'suggested.unit' | 'suggested.category' | 'coordination.units' | 'coordination.expected_at';
};

export type Form = {
  icon: string;
  primary?: boolean; // the one next step in the usual course of a case
  grave?: boolean; // ends the case or sends it away: asked once more
  fields: readonly Field[];
};

const note: Field = { name: 'text', kind: 'text' };
const reason: Field = { name: 'text', kind: 'text', required: true };

export const OUTCOMES = [
  'solved',
  'temporarily_solved',
  'no_violation_found',
  'outside_authority',
  'duplicate',
  'refused',
] as const;

/** One form for each row of the API's command table that an official may give. */
export const FORMS: Readonly<Record<string, Form>> = {
  accept: { icon: 'user-check', primary: true, fields: [] },
  dispatch: {
    icon: 'walk',
    fields: [{ name: 'officer', kind: 'line', required: true }, note],
  },
  progress: { icon: 'progress', fields: [reason] },
  result: {
    icon: 'circle-check',
    primary: true,
    fields: [
      { name: 'outcome', kind: 'choice', required: true, choices: OUTCOMES },
      { name: 'text', kind: 'text', required: true, least: 10 },
      { name: 'evidence', kind: 'evidence' },
      { name: 'officer', kind: 'line' },
      { name: 'site_visit_at', kind: 'instant' },
      { name: 'agency', kind: 'line' },
      { name: 'duplicate_of', kind: 'code' },
    ],
  },
  forward: { icon: 'arrow-back-up', grave: true, fields: [reason] },
  recategorise: {
    icon: 'category',
    fields: [{ name: 'category', kind: 'category', required: true }, note],
  },
  coordination: {
    icon: 'users',
    fields: [
      { name: 'units', kind: 'units', required: true },
      { name: 'expected_at', kind: 'instant', required: true },
      reason,
    ],
  },
  'coordination/move': {
    icon: 'calendar-due',
    fields: [{ name: 'expected_at', kind: 'instant', required: true }, reason],
  },
  'coordination/answer': { icon: 'message-reply', primary: true, fields: [reason] },
  'coordination/approve': {
    icon: 'check',
    primary: true,
    fields: [
      { name: 'units', kind: 'units', initial: 'coordination.units' },
      { name: 'expected_at', kind: 'instant', initial: 'coordination.expected_at' },
      note,
    ],
  },
  'coordination/reject': { icon: 'x', fields: [reason] },
  release: { icon: 'lock-open', primary: true, fields: [note] },
  assign: {
    icon: 'arrow-forward',
    primary: true,
    fields: [
      { name: 'unit', kind: 'unit', required: true, initial: 'suggested.unit' },
      { name: 'category', kind: 'category', initial: 'suggested.category' },
      { name: 'area', kind: 'area' },
      note,
    ],
  },
  hold: {
    icon: 'hourglass',
    fields: [
      { name: 'reason', kind: 'choice', required: true, choices: ['words', 'unclear', 'person_named'] },
      note,
    ],
  },
  refuse: {
    icon: 'ban',
    grave: true,
    fields: [
      {
        name: 'reason',
        kind: 'choice',
        required: true,
        choices: ['insulting', 'not_clear', 'no_evidence', 'not_true', 'spam'],
      },
      reason,
    ],
  },
  redirect: {
    icon: 'corner-up-right',
    grave: true,
    fields: [
      {
        name: 'reason',
        kind: 'choice',
        required: true,
        choices: ['other_authority', 'complaint', 'denunciation'],
      },
      { name: 'agency', kind: 'line', required: true },
      reason,
    ],
  },
  guidance: { icon: 'help', fields: [reason] },
  directives: {
    icon: 'speakerphone',
    primary: true,
    fields: [
      { name: 'addressee', kind: 'unit', required: true },
      { name: 'due_at', kind: 'instant', required: true },
      reason,
    ],
  },
  'directives/acknowledge': {
    icon: 'eye-check',
    primary: true,
    fields: [{ name: 'directive', kind: 'directive', required: true }],
  },
  'directives/fulfil': {
    icon: 'checkbox',
    primary: true,
    fields: [{ name: 'directive', kind: 'directive', required: true }, reason],
  },
  messages: { icon: 'message', fields: [reason] },
};

/** The allowed actions in the order of the table: the next step first, the grave ones last. */
export function ordered(allowed: readonly string[]): string[] {
  const rank = (name: string) => {
    const form = FORMS[name];
    return form?.primary ? 0 : form?.grave ? 2 : 1;
  };
  return Object.keys(FORMS)
    .filter((name) => allowed.includes(name))
    .sort((a, b) => rank(a) - rank(b));
}

/** The one next step in the usual course of a case, among what is allowed. */
export function nextOf(allowed: readonly string[]): string | null {
  const [first] = ordered(allowed);
  return first && FORMS[first]!.primary ? first : null;
}

export type Values = Readonly<Record<string, string | readonly string[]>>;
export type Flaw = { field: string; rule: 'missing' | 'short' | 'past' };

/** What the page can say before the server does; the server's word counts. */
export function flaws(form: Form, values: Values, now: number): Flaw[] {
  const found: Flaw[] = [];
  for (const field of form.fields) {
    const value = values[field.name] ?? '';
    const empty = Array.isArray(value) ? value.length === 0 : String(value).trim() === '';
    if (empty && field.required) found.push({ field: field.name, rule: 'missing' });
    else if (!empty && field.least && String(value).trim().length < field.least) {
      found.push({ field: field.name, rule: 'short' });
    } else if (!empty && field.kind === 'instant' && field.name !== 'site_visit_at') {
      if (instantOf(String(value)) <= now) found.push({ field: field.name, rule: 'past' });
    }
  }
  return found;
}

/** The command as the API takes it: empty fields are left out, local times get the city's offset. */
export function commandOf(form: Form, values: Values): Record<string, unknown> {
  const body: Record<string, unknown> = {};
  for (const field of form.fields) {
    const value = values[field.name];
    if (value === undefined || value.length === 0) continue;
    body[field.name] =
      field.kind === 'instant' ? new Date(instantOf(String(value))).toISOString() : value;
  }
  return body;
}

/** The instant of a `datetime-local` value, which is the city's time: UTC+7 all year. */
export function instantOf(local: string): number {
  return Date.parse(`${local.length === 16 ? `${local}:00` : local}+07:00`);
}

/** An instant as a `datetime-local` value in the city's time. */
export function localOf(instant: string | number): string {
  return new Date(new Date(instant).getTime() + 7 * 3_600_000).toISOString().slice(0, 16);
}
