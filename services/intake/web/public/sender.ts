/** Brings what is in the outbox to the server; the same code in a page and in the worker. */
import { type Sending, after, isDue, judge, needsPerson } from './logic/queue';
import { changeSending, mediaOf, outbox, sendingOf, settle } from './store';

export interface Reply {
  status: number; // 0: none came
  type: string;
  body: string;
  retryAfter: string | null;
  replayed: boolean;
}

export type Transport = (form: FormData, key: string, language: string, onProgress: (part: number) => void) => Promise<Reply>;
export type OnProgress = (draftId: string, part: number) => void;

const LEASE_MS = 30_000;
const NO_REPLY: Reply = { status: 0, type: '', body: '', retryAfter: null, replayed: false };

/** Try everything that is due; returns the codes that arrived. */
export async function sendDue(transport: Transport, language: string, nudged: boolean, onProgress: OnProgress = () => undefined): Promise<string[]> {
  const arrived: string[] = [];
  for (const each of await outbox()) {
    if (!isDue(each, Date.now(), nudged)) continue;
    const code = await alone(each.draft_id, () => sendOne(each.draft_id, transport, language, onProgress));
    if (code) arrived.push(code);
  }
  return arrived;
}

/** Run for one draft in one place at a time: across tabs and the worker. */
async function alone(draftId: string, run: () => Promise<string | null>): Promise<string | null> {
  if (navigator.locks) {
    return navigator.locks.request(`send:${draftId}`, { ifAvailable: true }, (lock) => (lock ? run() : null));
  }
  const taken = await changeSending(draftId, (now) => (now.lease_until > Date.now() ? null : { ...now, lease_until: Date.now() + LEASE_MS }));
  if (!taken) return null;
  const renew = setInterval(() => void changeSending(draftId, (now) => ({ ...now, lease_until: Date.now() + LEASE_MS })), LEASE_MS / 3);
  try {
    return await run();
  } finally {
    clearInterval(renew);
  }
}

async function sendOne(draftId: string, transport: Transport, language: string, onProgress: OnProgress): Promise<string | null> {
  const sending = await sendingOf(draftId); // another tab may just have been faster
  if (!sending || needsPerson(sending)) return null;
  const form = await formOf(sending);
  await changeSending(draftId, (now) => ({ ...now, state: 'sending' }));
  const reply = await transport(form, sending.key, sending.language ?? language, (part) => onProgress(draftId, part)).catch(() => NO_REPLY);
  const outcome = judge(reply.status, reply.type, reply.body, reply.retryAfter, reply.replayed);
  if (outcome.kind !== 'sent') {
    await changeSending(draftId, (now) => after(now, outcome, Date.now(), Math.random()));
    return null;
  }
  const { receipt } = outcome;
  await settle(draftId, { code: receipt.code, draft_id: draftId, token: receipt.tracking_token, kind: 'own', at: Date.now(), answer: receipt, unseen: true });
  return receipt.code;
}

/** The frozen JSON and the media in their frozen order; only the boundary is new with every try. */
async function formOf(sending: Sending): Promise<FormData> {
  const form = new FormData();
  form.append('report', new Blob([sending.body], { type: 'application/json' }), 'report.json');
  const media = new Map((await mediaOf(sending.draft_id)).map((each) => [each.id, each]));
  for (const { id, name, type } of sending.media) {
    const found = media.get(id);
    if (found) form.append('media', new Blob([found.bytes], { type }), name);
  }
  return form;
}

const LONGEST_MS = 150_000; // the server gives a body two minutes

/** For the worker: no progress, but it runs when the page is gone. A try that hangs would keep the
 report's lock from every page. */
export const byFetch: Transport = async (form, key, language) => {
  const signal = AbortSignal.timeout?.(LONGEST_MS);
  const answer = await fetch('/api/v1/reports', { method: 'POST', body: form, headers: headers(key, language), credentials: 'same-origin', signal });
  return {
    status: answer.status,
    type: answer.headers.get('content-type') ?? '',
    body: await answer.text(),
    retryAfter: answer.headers.get('retry-after'),
    replayed: answer.headers.get('idempotency-replayed') === 'true',
  };
};

const SILENCE_MS = 60_000;

/** For pages: XMLHttpRequest tells how far an upload is; a minute without a byte ends the try. */
export const byRequest: Transport = (form, key, language, onProgress) =>
  new Promise((resolve) => {
    const request = new XMLHttpRequest();
    let timer = 0;
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), SILENCE_MS) as unknown as number;
    };
    request.open('POST', '/api/v1/reports');
    for (const [name, value] of Object.entries(headers(key, language))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      alive();
      if (event.lengthComputable) onProgress(event.loaded / event.total);
    };
    request.onloadend = () => {
      clearTimeout(timer);
      resolve({
        status: request.status,
        type: request.getResponseHeader('content-type') ?? '',
        body: request.status ? request.responseText : '',
        retryAfter: request.getResponseHeader('retry-after'),
        replayed: request.getResponseHeader('idempotency-replayed') === 'true',
      });
    };
    alive();
    request.send(form);
  });

function headers(key: string, language: string): Record<string, string> {
  return { Accept: 'application/json', 'Accept-Language': language, 'Idempotency-Key': key };
}
