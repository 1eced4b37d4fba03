/** A question that is wanted often and asked seldom: never two at once, and a rest between two. */

export interface Paced {
  /** Ask in `ms` at the earliest; what is wanted until then is the same question. */
  soon: (ms?: number) => void;
  end: () => void;
}

/** Ask by `ask`, at the earliest `restMs()` after the last answer; wanted meanwhile, once more. */
export function paced(ask: () => Promise<void>, restMs: () => number): Paced {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let wanted = false;
  let ended = false;
  let answered = -Infinity;

  async function run(): Promise<void> {
    timer = undefined;
    busy = true;
    try {
      await ask();
    } finally {
      busy = false;
      answered = Date.now();
    }
    if (wanted) soon();
  }

  function soon(ms = 0): void {
    if (ended) return;
    wanted = busy;
    if (busy) return;
    timer ??= setTimeout(() => void run(), Math.max(ms, answered + restMs() - Date.now()));
  }

  return {
    soon,
    end: () => {
      ended = true;
      clearTimeout(timer);
    },
  };
}
