// To remind a unit of all its overdue cases: who is left out and why, and one case after the other.
import { ApiError } from '@web/core/api';

/** An overdue case as the chase names it. */
export interface Late {
  code: string;
  category: string | null;
  due_at: string;
  overdue_hours: number; // of the clock that counts it
  clock: 'working' | 'elapsed';
  state: string;
}

export interface Chased {
  unit: string;
  count: number;
  cases: Late[]; // what is late the longest first
}

export interface Chase {
  report_by: string;
  items: Chased[];
}

/** What counts of a directive that was given before. */
interface Instructed {
  code: string;
  addressee: string;
  fulfilled_at: string | null;
}

export interface Plan {
  codes: string[]; // each gets a directive
  asked: number; // a directive there would answer the Office's question, and move the case
  instructed: number; // the unit has an open directive there already
}

/** Which of a unit's overdue cases are reminded of, and how many are left out for which reason. */
export function planned(
  unit: string, cases: readonly Late[], given: readonly Instructed[],
): Plan {
  const open = new Set(
    given.filter((each) => each.addressee === unit && !each.fulfilled_at).map((each) => each.code),
  );
  const plan: Plan = { codes: [], asked: 0, instructed: 0 };
  for (const { code, state } of cases) {
    if (state === 'awaiting_direction') plan.asked += 1;
    else if (open.has(code)) plan.instructed += 1;
    else plan.codes.push(code);
  }
  return plan;
}

export interface Failure {
  code: string;
  error: unknown;
}

export interface Progress {
  sent: string[];
  failed: Failure[];
  rest: string[]; // not tried
}

const SILENCES = 3; // in a row, and the others are not tried: each would cost as long a wait

/** Send to one after the other until `goes` says no; what is refused for one ends nothing.

    `told` hears how far it is after each. */
export async function oneByOne(
  codes: readonly string[],
  send: (code: string) => Promise<unknown>,
  { goes, told }: { goes: () => boolean; told: (progress: Progress) => void },
): Promise<Progress> {
  let soFar: Progress = { sent: [], failed: [], rest: [...codes] };
  for (let silences = 0; soFar.rest.length && silences < SILENCES && goes(); ) {
    const [code, ...rest] = soFar.rest as [string, ...string[]];
    try {
      await send(code);
      silences = 0;
      soFar = { ...soFar, sent: [...soFar.sent, code], rest };
    } catch (error) {
      silences = isRefusal(error) ? 0 : silences + 1;
      soFar = { ...soFar, failed: [...soFar.failed, { code, error }], rest };
    }
    told(soFar);
  }
  return soFar;
}

/** Whether it was this case that was refused; too many calls at once concern the next one too. */
function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== 429;
}

/** What is sent again: what failed and what was not tried, in the order of before. */
export const owed = ({ failed, rest }: Progress): string[] => [
  ...failed.map((each) => each.code), ...rest,
];
