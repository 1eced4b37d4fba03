/** One report as its page knows it: loaded, followed live, or asked for again. */
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get } from '@web/core/api';
import { readConfig } from '@web/core/config';
import type { Clock } from '@web/core/dates';
import type { Bilingual } from '@web/core/i18n';
import { type StreamState, follow } from '@web/core/sse';
import { loadGround } from '../catalogue';
import { seen } from '../outgoing';
import { type Receipt, keepReceipt, receiptOf } from '../store';

const POLL_MS = 20_000;

export interface MediaView {
  id: string;
  kind: 'image' | 'audio';
  from: 'reporter' | 'unit';
  duration_ms: number | null;
  captured_at: string | null;
  links: Record<string, string>;
}

export interface CaseView {
  code: string;
  state: string;
  category: string | null;
  unit: string | null;
  unit_name: Bilingual | null;
  monitoring_unit: string | null;
  area: string | null;
  received_at: string;
  due_at: string;
  clock: Clock & { stopped: boolean };
  promise: Bilingual;
  result: { outcome: string; text: string; unit_name: Bilingual | null; at: string; on_time: boolean; agency: string | null; media: string[] } | null;
  followers: number;
  text?: string;
  location?: { lat: number | null; lon: number | null; address: string | null } | null;
  media: MediaView[] | { image: number; audio: number };
  anonymity?: string;
  rating?: { score: number; text: string } | null;
  dispute_until?: string | null; // own view, while the result may be disputed
  timeline?: Step[];
}

export interface Step {
  sequence: number;
  type: string;
  at: string;
  title: Bilingual;
  unit_name: Bilingual | null;
  text?: string;
  outcome?: string;
  agency?: string | null;
  reason_name?: (Bilingual & { code: string }) | null; // of a refusal or a redirection, for its reporter
}

export interface Followed {
  view: CaseView | null;
  steps: Step[];
  error: unknown;
  receipt: Receipt | null;
  stream: StreamState | 'polling';
  at: number; // ms; when it was asked last
  load: () => void;
  setReceipt: (receipt: Receipt | null) => void;
}

/** Follow a report: by its stream with the reporter's token, else by asking every 20 seconds. */
export function useCase(code: string): Followed {
  const [view, setView] = useState<CaseView | null>(null);
  const [steps, setSteps] = useState<Step[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [receipt, setReceipt] = useState<Receipt | null>(null);
  const [stream, setStream] = useState<StreamState | 'polling'>('connecting');
  const [at, setAt] = useState(Date.now());
  const load = async (token: string | null): Promise<void> => {
    try {
      const found = await get<CaseView>(`reports/${code}`, { token });
      setSteps(found.timeline ?? (await get<{ items: Step[] }>(`reports/${code}/events`, { token })).items);
      setView(found);
      setError(null);
      setAt(Date.now());
    } catch (failed) {
      setError(failed);
      if (failed instanceof ApiError && failed.status === 401 && token) await load(null);
    }
  };
  useEffect(() => {
    let stop = (): void => undefined;
    let poll: ReturnType<typeof setInterval> | undefined;
    let gone = false;
    let again = (): void => undefined;
    void (async () => {
      const kept = await receiptFor(code);
      setReceipt(kept);
      if (kept?.unseen) void seen(code);
      const token = tokenOf(kept);
      await Promise.all([load(token), loadGround()]);
      if (gone) return;
      addEventListener('online', (again = () => void load(token)));
      poll = setInterval(() => document.visibilityState === 'visible' && void load(token), token ? POLL_MS * 3 : POLL_MS);
      if (token && readConfig().notify) {
        stop = follow({ url: `${readConfig().notify}/api/v1/reports/${code}/stream`, token, onEvent: (event) => event.event === 'status' && void load(token), onState: setStream });
      } else setStream('polling');
    })();
    return () => {
      gone = true;
      removeEventListener('online', again);
      stop();
      clearInterval(poll);
    };
  }, [code]);
  return { view, steps, error, receipt, stream, at, load: () => void load(tokenOf(receipt)), setReceipt };
}

const tokenOf = (receipt: Receipt | null): string | null => (receipt?.kind === 'own' ? receipt.token : null);

/** What this page goes by: what the phone keeps, or the token behind the `#` of a link in a letter.
 That one goes into the phone, out of the address; where nothing can be kept it serves this visit. */
async function receiptFor(code: string): Promise<Receipt | null> {
  const token = location.hash.replace(/^#(t=)?/, '');
  const asked = token && !/^main$/.test(token);
  if (asked) history.replaceState(null, '', location.pathname);
  const known = (await receiptOf(code).catch(() => null)) ?? null;
  if (!asked || (known?.kind === 'own' && known.token === token)) return known;
  const good = await opens(code, token);
  if (good === false || (good === null && known)) return known; // what is kept is worth more than a word behind a `#`
  const brought: Receipt = { code, draft_id: known?.draft_id ?? '', token, kind: 'own', at: known?.at ?? Date.now(), answer: known?.answer ?? null };
  await keepReceipt(brought).catch(() => undefined);
  return brought;
}

/** Say whether this is the report's own token; null when nobody answers. */
async function opens(code: string, token: string): Promise<boolean | null> {
  try {
    return Boolean((await get<CaseView>(`reports/${code}`, { token })).timeline);
  } catch (failed) {
    return failed instanceof ApiError && [401, 404].includes(failed.status) ? false : null;
  }
}
