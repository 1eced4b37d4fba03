/** The four steps as entries of the browser's history: its back button leads one step back. */
import { draft, empty, goStep } from './draft';

interface Entry {
  step: number;
  from?: number; // the step from which this entry was pushed
}

const entry = (): Entry | null => history.state as Entry | null;

/** Show another step, forward or by "Sửa"; the browser's back leads here again. */
export async function toStep(step: number): Promise<void> {
  const from = draft.value.step;
  await goStep(step);
  history.pushState({ step, from } satisfies Entry, '');
  scrollTo(0, 0);
}

/** One step back, by the history when that is where it leads. */
export async function stepBack(): Promise<void> {
  const before = draft.value.step - 1;
  if (entry()?.from === before) return history.back();
  await goStep(before);
  history.replaceState({ step: before } satisfies Entry, '');
  scrollTo(0, 0);
}

/** Bring the draft to the step of the history's entry; a report that is not begun has only the first. */
export async function stepOfEntry(): Promise<void> {
  const step = empty(draft.value) ? 1 : (entry()?.step ?? draft.value.step);
  if (step !== draft.value.step) await goStep(step);
  if (entry()?.step !== step) history.replaceState({ step } satisfies Entry, '');
}
