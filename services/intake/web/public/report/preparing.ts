/** Photos and sounds that are being made ready, each for the draft for which it was taken. */
import { signal } from '@preact/signals';

interface Work {
  draftId: string;
  done: Promise<unknown>;
}

const works = signal<readonly Work[]>([]);

/** Say whether something of a draft is still in work. */
export const isPreparing = (draftId: string): boolean => works.value.some((each) => each.draftId === draftId);

/** Do something for a draft that is not to be frozen before it has ended. */
export async function prepare<T>(draftId: string, run: () => Promise<T>): Promise<T> {
  const work = { draftId, done: run() };
  works.value = [...works.value, work];
  try {
    return await work.done;
  } finally {
    works.value = works.value.filter((each) => each !== work);
  }
}

/** Wait until nothing of a draft is in work, also what begins meanwhile; never throws. */
export async function prepared(draftId: string): Promise<void> {
  while (isPreparing(draftId)) await Promise.allSettled(works.value.filter((each) => each.draftId === draftId).map((each) => each.done));
}
