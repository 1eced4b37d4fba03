/** One report as its page knows it: loaded, followed live, or asked for again. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import { ApiError, get } from '@web/core/api';
import { readConfig } from '@web/core/config';
import type { Agreed } from '@web/core/coordination';
import type { Clock } from '@web/core/dates';
import type { Bilingual } from '@web/core/i18n';
import { type StreamState, follow } from '@web/core/sse';
import { turns } from '@web/core/turns';
import { loadGround } from '../catalogue';
import { seen } from '../outgoing';
import type { Receipt } from '../store';
import { receiptFor, tokenOfAddress } from './token';

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
  coordinating_units: string[];
  area: string | null;
  received_at: string;
  due_at: string; // as promised
  expected_at: string | null; // of an approved coordination: the date that counts
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

export interface Step extends Agreed {
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
  again: () => void; // what this device keeps has changed
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
  const [begun, setBegun] = useState(0); // anew when a private link is pasted over this page's address
  const turn = useMemo(turns, [code]); // the stream, the clock and the reader all ask, and answers overtake each other
  const load = async (token: string | null): Promise<void> => {
    const counts = turn();
    try {
      const found = await get<CaseView>(`reports/${code}`, { token });
      const told = found.timeline ?? (await get<{ items: Step[] }>(`reports/${code}/events`, { token })).items;
      if (!counts()) return;
      setSteps(told);
      setView(found);
      setError(null);
      setAt(Date.now());
    } catch (failed) {
      if (counts()) setError(failed);
      if (failed instanceof ApiError && failed.status === 401 && token) await load(null);
    }
  };
  const again = (): void => setBegun((n) => n + 1);
  useEffect(() => {
    const pasted = (): void => void (tokenOfAddress() && again());
    addEventListener('hashchange', pasted);
    return () => removeEventListener('hashchange', pasted);
  }, []);
  useEffect(() => {
    let stop = (): void => undefined;
    let poll: ReturnType<typeof setInterval> | undefined;
    let gone = false;
    let online = (): void => undefined;
    void (async () => {
      const kept = await receiptFor(code);
      setReceipt(kept);
      if (kept?.unseen) void seen(code);
      const token = tokenOf(kept);
      await Promise.all([load(token), loadGround()]);
      if (gone) return;
      addEventListener('online', (online = () => void load(token)));
      poll = setInterval(() => document.visibilityState === 'visible' && void load(token), token ? POLL_MS * 3 : POLL_MS);
      if (token && readConfig().notify) {
        stop = follow({
          url: `${readConfig().notify}/api/v1/reports/${code}/stream`, token, rests: true,
          onEvent: (event) => event.event === 'status' && void load(token), onState: setStream,
        });
      } else setStream('polling');
    })();
    return () => {
      gone = true;
      removeEventListener('online', online);
      stop();
      clearInterval(poll);
    };
  }, [code, begun]);
  return { view, steps, error, receipt, stream, at, load: () => void load(tokenOf(receipt)), again, setReceipt };
}

const tokenOf = (receipt: Receipt | null): string | null => (receipt?.kind === 'own' ? receipt.token : null);
