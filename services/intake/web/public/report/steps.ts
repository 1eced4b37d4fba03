/** The four steps as entries of the browser's history: its back button leads one step back. */
import { draft, empty, goStep } from './draft';

interface Entry {
  step: number;
  from?: number; // the step from which this entry was pushed
}

const entry = (): Entry | null => history.state as Entry | null;

// The history is written in the same turn as the screen, never after a wait: storing takes a moment, and
// whoever presses "back" in that moment would have the entry of another step written over.

/** Show another step, forward or by "Sửa"; the browser's back leads here again. */
export async function toStep(step: number): Promise<void> {
  history.pushState({ step, from: draft.value.step } satisfies Entry, '');
  await shown(step);
}

/** One step back, by the history when that is where it leads. */
export async function stepBack(): Promise<void> {
  const before = draft.value.step - 1;
  if (entry()?.from === before) return history.back();
  history.replaceState({ step: before } satisfies Entry, '');
  await shown(before);
}

/** Bring the draft to the step of the history's entry; a report that is not begun has only the first. */
export async function stepOfEntry(): Promise<void> {
  const step = empty(draft.value) ? 1 : (entry()?.step ?? draft.value.step);
  if (entry()?.step !== step) history.replaceState({ step } satisfies Entry, '');
  if (step !== draft.value.step) await goStep(step);
}

function shown(step: number): Promise<void> {
  const stored = goStep(step);
  scrollTo(0, 0);
  return stored;
}
