/** Data of a page: what is shown stays while it is fetched anew. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { onChange } from './live';

export interface Loaded<T> {
  data: T | null;
  error: unknown;
  busy: boolean;
  at: number; // when the data came
  reload: () => void;
  put: (data: T) => void;
}

/** Load when `key` changes and when `concerns` says that a change matters. */
export function useLoaded<T>(key: string, load: () => Promise<T>, concerns: (code: string | null) => boolean = () => true): Loaded<T> {
  const [state, setState] = useState<{ data: T | null; error: unknown; busy: boolean; at: number }>({ data: null, error: null, busy: true, at: 0 });
  const turn = useRef(0);
  const loader = useRef(load);
  loader.current = load;
  const about = useRef(concerns);
  about.current = concerns;
  const reload = useCallback(() => {
    const mine = (turn.current += 1);
    setState((old) => ({ ...old, busy: true }));
    loader.current().then(
      (data) => mine === turn.current && setState({ data, error: null, busy: false, at: Date.now() }),
      (error: unknown) => mine === turn.current && setState((old) => ({ ...old, error, busy: false })),
    );
  }, []);
  useEffect(() => {
    setState({ data: null, error: null, busy: true, at: 0 });
    reload();
  }, [key]);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onChange((code) => {
      if (!about.current(code)) return;
      clearTimeout(timer);
      timer = setTimeout(reload, 150); // a burst of events is one fetch
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [key]);
  const put = useCallback((data: T) => {
    turn.current += 1;
    setState({ data, error: null, busy: false, at: Date.now() });
  }, []);
  return { ...state, reload, put };
}
