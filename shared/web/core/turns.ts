/** Answers in the order of their questions. A question asked again before the last one was answered may
 be answered first; the older answer then comes late, and must not stand over the newer one.

 Call what this returns before asking, and what that returns with the answer: true says that no later
 question has been answered yet, so that this answer, or this failure, may be shown. */
export function turns(): () => () => boolean {
  let asked = 0;
  let answered = 0;
  return () => {
    const mine = (asked += 1);
    return () => {
      if (mine < answered) return false;
      answered = mine;
      return true;
    };
  };
}
