/** Data of a page: what is shown stays while it is fetched anew. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Paced, paced } from '@web/core/pace';
import { onChange } from './live';

export interface Loaded<T> {
  data: T | null;
  error: unknown;
  busy: boolean;
  at: number; // when data came last
  reload: () => void;
  put: (data: T) => void;
}

type State<T> = Pick<Loaded<T>, 'data' | 'error' | 'busy' | 'at'>;

const NOTHING = { data: null, error: null, busy: true, at: 0 };
const BURST_MS = 150; // a burst of events is one fetch

/** Load when `key` changes and when `concerns` says that a change matters.

 One question at a time: however many changes come, each answer is shown. */
export function useLoaded<T>(
  key: string,
  load: () => Promise<T>,
  concerns: (code: string | null) => boolean = () => true,
): Loaded<T> {
  const [state, setState] = useState<State<T>>(NOTHING);
  const turn = useRef(0); // an answer of an earlier turn is older than what is shown
  const asking = useRef<Paced | null>(null);
  const latest = useRef({ load, concerns });
  latest.current = { load, concerns };
  useEffect(() => {
    const ask = async (): Promise<void> => {
      const mine = turn.current;
      const show = (change: Partial<State<T>>): void => {
        if (mine === turn.current) setState((old) => ({ ...old, ...change }));
      };
      show({ busy: true });
      await latest.current.load().then(
        (data) => show({ data, error: null, busy: false, at: Date.now() }),
        (error: unknown) => show({ error, busy: false }),
      );
    };
    const questions = paced(ask, () => BURST_MS);
    asking.current = questions;
    setState((old) => ({ ...NOTHING, at: old.at })); // a page may go on showing what came then
    questions.soon();
    const stop = onChange((code) => {
      if (latest.current.concerns(code)) questions.soon(BURST_MS);
    });
    return () => {
      turn.current += 1;
      questions.end();
      stop();
    };
  }, [key]);
  const reload = useCallback(() => asking.current?.soon(), []);
  const put = useCallback((data: T) => {
    turn.current += 1;
    setState({ data, error: null, busy: false, at: Date.now() });
  }, []);
  return { ...state, reload, put };
}
