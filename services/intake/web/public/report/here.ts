/** Where the device is while photos are taken: so the scene has a place also without EXIF. */
import { signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Place } from '../store';

const FRESH_MS = 120_000;
const KEPT_MS = 30_000;

// by our clock: some devices date their positions wrongly, and what we are given is KEPT_MS old at most
export const here = signal<{ place: Place; at: number } | null>(null);

/** The last position if it is of now: whoever took a photo hours later may be anywhere. */
export function whereNow(now = Date.now()): Place | null {
  const found = here.value;
  return found && now - found.at <= FRESH_MS ? found.place : null;
}

/** Return what begins the watch, or begins it anew when nothing fresh comes of it; it ends with the
 step. Who has allowed it before is not asked, all others when a photo shows what it is for. */
export function useWatch(): () => void {
  const running = useRef<number | undefined>(undefined);
  const gone = useRef(false);
  const end = (): void => {
    if (running.current !== undefined) navigator.geolocation.clearWatch(running.current);
    running.current = undefined;
  };
  const watch = (): void => {
    if (gone.current || !navigator.geolocation || (running.current !== undefined && whereNow())) return;
    end();
    running.current = navigator.geolocation.watchPosition(
      ({ coords }) => (here.value = { at: Date.now(), place: { lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy), source: 'device' } }),
      () => undefined,
      { enableHighAccuracy: true, maximumAge: KEPT_MS, timeout: 20_000 },
    );
  };
  useEffect(() => {
    void isAllowed().then((yes) => yes && watch());
    return () => {
      gone.current = true;
      end();
    };
  }, []);
  return watch;
}

async function isAllowed(): Promise<boolean> {
  return (await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null))?.state === 'granted';
}
