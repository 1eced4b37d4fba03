/** Where the reader is, when they ask for what is near; it stays on the device. */
import { useState } from 'preact/hooks';
import { language, t } from '@web/core/i18n';
import type { Point } from '@web/map/geo';

export interface Here {
  here: Point | null;
  busy: boolean;
  none: boolean; // it was asked for, and not found or not allowed
  locate: () => void;
}

export function useHere(): Here {
  const [here, setHere] = useState<Point | null>(null);
  const [busy, setBusy] = useState(false);
  const [none, setNone] = useState(false);
  const locate = (): void => {
    setNone(!navigator.geolocation);
    if (!navigator.geolocation) return;
    setBusy(true);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        setBusy(false);
        setHere({ lat: coords.latitude, lon: coords.longitude });
      },
      () => {
        setBusy(false);
        setNone(true);
      },
      { timeout: 15_000 },
    );
  };
  return { here, busy, none, locate };
}

/** cách 350 m, cách 1,2 km */
export function away(metres: number): string {
  if (metres < 950) return t('offices.away', { m: `${Math.round(metres / 10) * 10} m` });
  const locale = language.value === 'vi' ? 'vi-VN' : 'en-GB';
  return t('offices.away', { m: `${new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }).format(metres / 1000)} km` });
}
