/** Whether somebody may see this page: a tab that is hidden for a while rests. */

/** How long a hidden page goes on as if it were seen: who turns to another tab and back notices nothing. */
export const REST_AFTER_MS = 5000;

/** Say false when the page has been hidden for a while, and true when it is seen again; until the returned
 function is called. A page that was hidden when it was loaded rests at first as well. */
export function onSight(tell: (seen: boolean) => void, afterMs = REST_AFTER_MS): () => void {
  if (typeof document === 'undefined') return () => undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const look = (): void => {
    clearTimeout(timer);
    if (document.visibilityState === 'hidden') timer = setTimeout(() => tell(false), afterMs);
    else tell(true);
  };
  document.addEventListener('visibilitychange', look);
  look();
  return () => {
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', look);
  };
}
