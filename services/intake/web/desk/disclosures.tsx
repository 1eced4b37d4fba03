/** Content for third parties: asked for here, agreed to by the leaders, never in another way. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { day, moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { Button, Dialog, Empty, Failed, Field, Icon, Loading, Note, toast, wordsOf } from '@web/ui/kit';
import { Ask } from './asking';
import { now } from './live';
import { useLoaded } from './loading';
import type { Case } from './model';
import { Heading, Stale } from './parts';
import { usePress } from './pressing';
import { DisclosurePreview } from './preview';
import { onLink, pathOf } from './route';
import { authed, download } from './session';

interface Disclosure {
  id: string;
  code: string;
  state: string;
  recipient: { organisation: string; contact: string };
  purpose: string;
  legal_basis: string;
  fields: string[];
  identity: { justification: string } | null;
  expires_at: string;
  requested: { by: string; at: string } | null;
  actions: string[];
  version: number;
}


export function Disclosures(): JSX.Element {
  const loaded = useLoaded('disclosures', async () => (await authed<{ items: Disclosure[] }>('desk/disclosures')).data.items);
  return (
    <main id="main" class="leaders" tabIndex={-1}>
      <Heading title={t('disclosure.title')}>{t('disclosure.title')}</Heading>
      <Stale of={loaded} />
      <p class="hint">{t('disclosure.lead')}</p>
      {!loaded.data && (loaded.error !== null ? <Failed error={loaded.error} onRetry={loaded.reload} /> : <Loading />)}
      {loaded.data?.length === 0 && <Empty icon="file-text"><p>{t('leader.none')}</p></Empty>}
      <div class="stack">{loaded.data?.map((each) => <Card key={each.id} disclosure={each} onChange={loaded.reload} />)}</div>
    </main>
  );
}

/** What waits for a leader's consent. */
export function Waiting(): JSX.Element {
  const loaded = useLoaded('waiting', async () => (await authed<{ items: Disclosure[] }>('desk/disclosures?state=requested')).data.items);
  return (
    <section class="stack" aria-labelledby="consent">
      <h2 id="consent">
        {t('leader.consent')} {loaded.data && <span class="count num">{loaded.data.length}</span>}
      </h2>
      <Stale of={loaded} part />
      {!loaded.data && (loaded.error !== null
        ? <Failed error={loaded.error} onRetry={loaded.reload} />
        : <Loading rows={2} />)}
      {loaded.data?.length === 0 && <p class="hint">{t('leader.none')}</p>}
      {loaded.data?.map((each) => <Card key={each.id} disclosure={each} onChange={loaded.reload} />)}
    </section>
  );
}

/** The part of a case page about disclosures: what was asked for, and asking where one may. */
export function OfCase({ shown }: { shown: Case }): JSX.Element | null {
  return shown.actions.includes('disclosures/read') ? <OfThisCase shown={shown} /> : null;
}

function OfThisCase({ shown }: { shown: Case }): JSX.Element | null {
  const [open, setOpen] = useState(false);
  const loaded = useLoaded(`d-${shown.code}`, async () => (await authed<{ items: Disclosure[] }>(`desk/cases/${shown.code}/disclosures`)).data.items);
  const may = shown.actions.includes('disclosures');
  const failed = loaded.error !== null && !loaded.data;
  if (!may && !failed && !loaded.data?.length) return null;
  return (
    <section class="card stack" aria-labelledby="disclosures">
      <h2 id="disclosures">{t('disclosure.title')}</h2>
      <Stale of={loaded} part />
      {failed && <Failed error={loaded.error} onRetry={loaded.reload} />}
      {loaded.data?.map((each) => <Card key={each.id} disclosure={each} onChange={loaded.reload} />)}
      {may && <Button icon="share" onClick={() => setOpen(true)}>{t('action.disclosure')}</Button>}
      {open && <Ask code={shown.code} onClose={() => setOpen(false)} onAsked={loaded.reload} />}
    </section>
  );
}

const BUTTONS: readonly { name: string; icon: string; kind?: 'primary' | 'danger' }[] = [
  { name: 'preview', icon: 'eye' },
  { name: 'approve', icon: 'check', kind: 'primary' },
  { name: 'reject', icon: 'x' },
  { name: 'revoke', icon: 'ban', kind: 'danger' },
  { name: 'package', icon: 'download' },
];
// what is decided stands below what it is about
const DECISIONS = new Set(['approve', 'reject', 'revoke']);
const pathOfOne = ({ code, id }: Disclosure): string => `desk/cases/${code}/disclosures/${id}`;

function Card({ disclosure, onChange }: { disclosure: Disclosure; onChange: () => void }): JSX.Element {
  const [open, setOpen] = useState<string | null>(null);
  const to = { name: 'case', code: disclosure.code } as const;
  const [busy, press] = usePress(); // each package is noted
  const [failed, setFailed] = useState<unknown>(null);
  const fetchPackage = (): Promise<void> =>
    download(`/api/v1/${pathOfOne(disclosure)}/package`).then(onChange, setFailed);
  const start = (name: string): void => {
    setFailed(null);
    if (name === 'package') void press(fetchPackage);
    else setOpen(name);
  };
  const close = (): void => setOpen(null);
  return (
    <article class="card stack disclosure" data-disclosure={disclosure.id}>
      <p>
        <b>{disclosure.recipient.organisation}</b>{' '}
        <span class="chip">{t(`disclosure.${disclosure.state}`)}</span>
      </p>
      <Terms disclosure={disclosure} />
      <p class="hint">
        <a class="caselink num" href={pathOf(to)} onClick={onLink(to)}>{disclosure.code}</a>
        {disclosure.requested
          && ` · ${t('disclosure.asked_at', { time: moment(disclosure.requested.at, now.value) })}`}
      </p>
      <div class="row">
        {BUTTONS.filter(({ name }) => disclosure.actions.includes(name)).map(({ name, icon, kind }) => (
          <Button
            key={name}
            kind={kind}
            icon={icon}
            busy={busy && name === 'package'}
            onClick={() => start(name)}
          >
            {t(`disclosure.${name}`)}
          </Button>
        ))}
      </div>
      {failed !== null && <Note kind="warn" role="alert">{wordsOf(failed)}</Note>}
      {open === 'preview' && (
        <Dialog open wide title={t('disclosure.preview')} onClose={close}>
          <DisclosurePreview path={`${pathOfOne(disclosure)}/preview`} />
        </Dialog>
      )}
      {open !== null && DECISIONS.has(open) && (
        <Decide disclosure={disclosure} action={open} onClose={close} onDone={onChange} />
      )}
    </article>
  );
}

/** What for, by which right, until when, and which kinds of content. */
function Terms({ disclosure }: { disclosure: Disclosure }): JSX.Element {
  const leaving = [...disclosure.fields, ...(disclosure.identity ? ['identity'] : [])];
  const facts: [string, string][] = [
    ['purpose', disclosure.purpose], ['basis', disclosure.legal_basis],
    ['expires', day(disclosure.expires_at)],
  ];
  return (
    <>
      <dl class="facts">
        {facts.map(([name, words]) => (
          <div key={name}><dt>{t(`disclosure.${name}`)}</dt><dd class="text">{words}</dd></div>
        ))}
      </dl>
      <div>
        <b>{t('disclosure.fields')}</b>
        <ul class="plain chips">
          {leaving.map((each) => (
            <li class={`chip ${each === 'identity' ? 'refused' : ''}`} key={each}>
              <Icon name={each === 'identity' ? 'shield-lock' : 'check'} />{t(`disclosure.${each}`)}
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}

interface DecideProps {
  disclosure: Disclosure;
  action: string;
  onClose: () => void;
  onDone: () => void;
}

/** A decision with its reason; whoever agrees has what leaves before their eyes. */
function Decide({ disclosure, action, onClose, onDone }: DecideProps): JSX.Element {
  const [text, setText] = useState('');
  const [missing, setMissing] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const [busy, press] = usePress();
  const agrees = action === 'approve';
  const send = async (): Promise<void> => {
    setMissing(!text.trim());
    setRefused(null);
    if (!text.trim()) return;
    const identity = agrees && disclosure.identity ? { identity: true } : {};
    try {
      await authed(`${pathOfOne(disclosure)}/${action}`, {
        body: { text: text.trim(), ...identity },
        ifMatch: `"${disclosure.version}"`,
      });
      onClose();
      onDone();
    } catch (error) {
      setRefused(error);
      if (!(error instanceof ApiError) || error.status !== 412) return;
      toast(wordsOf(error)); // the card goes with the dialog where nothing is left to decide
      onDone();
    }
  };
  const words = missing ? t('form.missing') : refused === null ? undefined : wordsOf(refused);
  const foot = (
    <>
      <Button kind="quiet" onClick={onClose}>{t('cancel')}</Button>
      <Button kind={agrees ? 'primary' : 'danger'} busy={busy} onClick={() => void press(send)}>
        {t(`disclosure.${action}`)}
      </Button>
    </>
  );
  return (
    <Dialog open wide={agrees} title={t(`disclosure.${action}`)} onClose={onClose} foot={foot}>
      <p>{disclosure.recipient.organisation}: {disclosure.purpose}</p>
      {agrees && disclosure.identity && (
        <Note kind="warn" icon="shield-lock">{t('disclosure.gives_identity')}</Note>
      )}
      {agrees && <DisclosurePreview path={`${pathOfOne(disclosure)}/preview`} />}
      <Field id="decide-text" label={t('disclosure.reason')} error={words}>
        {(given) => (
          <textarea
            {...given}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        )}
      </Field>
    </Dialog>
  );
}
