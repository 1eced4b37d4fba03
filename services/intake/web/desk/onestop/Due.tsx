/** Dossiers that come due at a desk, the next step of each in reach. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { moment } from '@web/core/dates';
import { both, t } from '@web/core/i18n';
import { Button, Failed, Loading, Note, toast, wordsOf } from '@web/ui/kit';
import { now } from '../live';
import { useLoaded } from '../loading';
import { Stale } from '../parts';
import { SLIP_MS, usePress } from '../pressing';
import { authed } from '../session';
import { type Dossier, Papers } from './Papers';

// the usual next step; receiving asks for the checklist
const NEXT: Readonly<Record<string, string>> = {
  submitted: 'receive', received: 'process', processing: 'ready', ready: 'return',
};
const CAN_OPEN = new Set(['received', 'supplement', 'processing']);

interface Page {
  items: Dossier[];
  next: string | null;
}

/** The first pages of what comes due; a step moves dossiers, so all of them are asked again. */
async function read(desk: string, pages: number): Promise<Page> {
  const asked = new URLSearchParams({ desk, limit: '20' });
  const items: Dossier[] = [];
  for (let page = 0; page < pages; page += 1) {
    const { data } = await authed<Page>(`onestop/dossiers?${asked}`);
    items.push(...data.items);
    if (!data.next) return { items, next: null };
    asked.set('cursor', data.next);
  }
  return { items, next: asked.get('cursor') };
}

export function Due({ desk }: { desk: string }): JSX.Element {
  const [pages, setPages] = useState(1);
  const loaded = useLoaded(`due-${desk}`, () => read(desk, pages));
  useEffect(() => {
    if (pages > 1) loaded.reload();
  }, [pages]);
  const [open, setOpen] = useState<string | null>(null);
  return (
    <section class="card stack" aria-labelledby="dossiers">
      <h2 id="dossiers">{t('onestop.dossiers')}</h2>
      <Stale of={loaded} part />
      {!loaded.data && loaded.error !== null && (
        <Failed error={loaded.error} onRetry={loaded.reload} />
      )}
      {!loaded.data && loaded.error === null && <Loading rows={2} />}
      {loaded.data?.items.length === 0 && <p class="hint">{t('onestop.no_dossiers')}</p>}
      <ul class="plain dossiers">
        {loaded.data?.items.map((each) => (
          <Line key={each.number} dossier={each} onMoved={loaded.reload} onOpen={setOpen} />
        ))}
      </ul>
      {loaded.data?.next && (
        <div class="row center">
          <Button busy={loaded.busy} data-action="more" onClick={() => setPages(pages + 1)}>
            {t('inbox.more')}
          </Button>
        </div>
      )}
      {open && <Papers number={open} onClose={() => setOpen(null)} onDone={loaded.reload} />}
    </section>
  );
}

interface LineProps {
  dossier: Dossier;
  onMoved: () => void;
  onOpen: (number: string) => void;
}

function Line({ dossier, onMoved, onOpen }: LineProps): JSX.Element {
  const { number, state, procedure_name: procedure } = dossier;
  const [busy, press] = usePress(SLIP_MS); // the same button is the next step by then
  const [refused, setRefused] = useState<unknown>(null);
  const move = async (step: string): Promise<void> => {
    setRefused(null);
    try {
      await authed(`onestop/dossiers/${number}/${step}`, { body: {} });
      toast(t(`dossier.step.${step}`));
    } catch (error) {
      setRefused(error);
    }
    onMoved();
  };
  const start = (step: string): void =>
    step === 'receive' ? onOpen(number) : void press(() => move(step));
  const due = dossier.promised_at ?? dossier.due_at;
  const next = NEXT[state];
  return (
    <li class="row between" data-dossier={number}>
      <span>
        <b class="num">{number}</b>
        <span class="hint block">
          {[both(procedure), due && t('clock.due', { time: moment(due, now.value) })]
            .filter(Boolean).join(' · ')}
        </span>
      </span>
      <span class="row">
        <span class="chip">{t(`dossier.${state}`)}</span>
        {next && (
          <Button busy={busy} onClick={() => start(next)}>{t(`dossier.step.${next}`)}</Button>
        )}
        {CAN_OPEN.has(state) && (
          <Button kind="quiet" onClick={() => onOpen(number)}>{t('dossier.open')}</Button>
        )}
      </span>
      {refused !== null && <Note kind="warn" role="alert">{wordsOf(refused)}</Note>}
    </li>
  );
}
