/** A press that takes a while: done once however often it is pressed, and its failure stays to be read. */
import { useRef, useState } from 'preact/hooks';
import { Note, wordsOf } from '@web/ui/kit';

export interface Once {
  busy: boolean;
  failed: unknown; // null: nothing failed since the last press
  run: (work: () => Promise<void>) => Promise<void>;
  forget: () => void; // what failed
}

/** Run one thing at a time; what is pressed meanwhile does nothing. */
export function useOnce(): Once {
  const [busy, setBusy] = useState(false);
  const [failed, setFailed] = useState<unknown>(null);
  const going = useRef(false); // at once, where the state waits for the next picture
  const run = async (work: () => Promise<void>): Promise<void> => {
    if (going.current) return;
    going.current = true;
    setBusy(true);
    setFailed(null);
    try {
      await work();
    } catch (error) {
      setFailed(error ?? 'failed');
    } finally {
      going.current = false;
      setBusy(false);
    }
  };
  return { busy, failed, run, forget: () => setFailed(null) };
}

/** What failed, beside what was pressed: a toast would lie behind a dialog, and be gone too soon. */
export function Refused({ error }: { error: unknown }) {
  if (error === null) return null;
  return <Note kind="bad" icon="alert-triangle" role="alert">{wordsOf(error)}</Note>;
}
