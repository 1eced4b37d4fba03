/** A wall runs for months: it loads itself anew at night, and when a newer build is there. */

const HOUR = 4; // of the city's night
const LOOK_MS = 5 * 60_000;
const CITY_MS = 7 * 3_600_000; // the city's zone has no summer time

let looked = Date.now();
const loaded = Date.now();

/** Look whether it is time; called every second. A server that is away is never loaded from. */
export function renewed(now: number): void {
  if (now - looked < LOOK_MS) return;
  looked = now;
  void look(now);
}

async function look(now: number): Promise<void> {
  const answer = await fetch(location.pathname, { cache: 'no-store' }).catch(() => null);
  if (!answer?.ok) return;
  const shell = await answer.text();
  if (!ownScripts().every((each) => shell.includes(each)) || nightBetween(loaded, now)) location.reload();
}

/** The paths of the scripts that this page was made of; their names change with their content. */
function ownScripts(): string[] {
  return [...document.querySelectorAll<HTMLScriptElement>('script[src]')].map((each) => new URL(each.src).pathname);
}

/** Say whether four in the morning, city time, lay between two moments. */
export function nightBetween(from: number, to: number): boolean {
  const nights = (at: number): number => Math.floor((at + CITY_MS - HOUR * 3_600_000) / 86_400_000);
  return nights(to) > nights(from);
}
