/** What others have reported there already: the caller joins instead of sending a twin. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { call, get } from '@web/core/api';
import { moment } from '@web/core/dates';
import { type Bilingual, both, t } from '@web/core/i18n';
import type { Point } from '@web/map/geo';
import { Button, Note, StateChip, announce, wordsOf } from '@web/ui/kit';
import { suggest } from '../../public/logic/suggest';
import { areaName, catalogue } from '../catalogue';
import { now } from '../live';
import { usePress } from '../pressing';
import type { Draft, Entry } from './draft';

interface Known {
  code: string;
  category_name: Bilingual | null;
  state: string;
  received_at: string;
  distance_m: number;
  followers: number;
}

interface Asked {
  at: Point;
  radius: number;
  around: string; // words for where one looks
}

const AT_A_PLACE_M = 250;
const IN_AN_AREA_M = 1500; // a ward's middle says little: look further, and say so
const REST_MS = 400;

export function Similar({ draft }: { draft: Draft }): JSX.Element | null {
  const asked = askedOf(draft.values);
  const found = useKnown(draft.values, asked);
  const [joining, setJoining] = useState('');
  const [busy, press] = usePress();
  const [failed, setFailed] = useState<unknown>(null);
  if (!asked || !found?.length) return null;
  const join = async ({ code }: Known): Promise<void> => {
    setJoining(code);
    setFailed(null);
    try {
      await call(`reports/${code}/follow`, { method: 'POST', key: draft.key, body: contactOf(draft.values) });
      draft.finish({ code, promise: null, emergency: [] });
    } catch (error) {
      setFailed(error);
    }
  };
  return (
    <section class="card stack similar" aria-labelledby="known">
      <h2 id="known">{t('entry.similar', { n: found.length })}</h2>
      <p class="hint">{asked.around}</p>
      {failed !== null && <Note kind="warn" role="alert">{wordsOf(failed)}</Note>}
      <ul class="plain">
        {found.map((each) => (
          <li class="row between" key={each.code} data-known={each.code}>
            <span>
              <b>{both(each.category_name)}</b> <StateChip state={each.state} />
              <span class="hint num block">
                {each.code} · {t('entry.away', { m: each.distance_m })} · {moment(each.received_at, now.value)}
              </span>
            </span>
            <Button
              icon="bell"
              busy={busy && joining === each.code}
              onClick={() => void press(() => join(each))}
            >
              {t('entry.join')}
            </Button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Where to look: at the place, else around the middle of the ward. */
function askedOf({ place, area }: Entry): Asked | null {
  if (place) return { at: place, radius: AT_A_PLACE_M, around: t('entry.around_place', { m: AT_A_PLACE_M }) };
  const known = catalogue.value.areas.find((each) => each.id === area);
  if (!known) return null;
  const around = t('entry.around_area', { m: IN_AN_AREA_M, area: areaName(area) });
  return { at: known.centre, radius: IN_AN_AREA_M, around };
}

/** How the caller hears of it: by what they left, if anything. */
function contactOf({ phone, email, language, anonymity }: Entry): object | undefined {
  if (anonymity === 'anonymous') return undefined;
  const [number, mail] = [phone.trim(), email.trim()];
  const channels = [...(number ? ['zalo', 'sms'] : []), ...(mail ? ['email'] : [])];
  if (!channels.length) return undefined;
  return { channels, language, ...(number ? { phone: number } : {}), ...(mail ? { email: mail } : {}) };
}

/** Open cases nearby, asked for when the fingers rest. The words never leave in an address. */
function useKnown(values: Entry, asked: Asked | null): Known[] | null {
  const [found, setFound] = useState<Known[] | null>(null);
  const meant = values.category || suggest(values.text, catalogue.value.categories)[0] || '';
  const question = asked && meant
    ? new URLSearchParams({
        lat: String(asked.at.lat), lon: String(asked.at.lon), radius_m: String(asked.radius),
        category: meant, limit: '5',
      }).toString()
    : '';
  useEffect(() => {
    if (!question) return setFound(null);
    const stop = new AbortController();
    const rest = setTimeout(() => {
      get<{ items: Known[] }>(`reports/similar?${question}`, { signal: stop.signal }).then(
        ({ items }) => {
          const known = items.filter((each) => !stop.signal.aborted && each);
          setFound(known);
          if (known.length) announce(t('entry.similar', { n: known.length }));
        },
        () => setFound(null), // without an answer nothing is held back
      );
    }, REST_MS);
    return () => {
      clearTimeout(rest);
      stop.abort();
    };
  }, [question]);
  return found;
}
