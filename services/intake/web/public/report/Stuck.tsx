/** What stays on the phone until a person decides: refused by the server, or a week old. */
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Note } from '@web/ui/kit';
import type { Sending } from '../logic/queue';
import { sendAsIs } from '../outgoing';
import { discard, mend } from './draft';

/** The three ways on: mend it, send it as it is, or throw it away, which is asked twice. */
export function Stuck({ sending, onMend, onDrop }: { sending: Sending; onMend: () => void; onDrop?: () => void }) {
  const [sure, setSure] = useState(false);
  const id = sending.draft_id;
  const drop = (): void => void discard(id, true).then(onDrop);
  return (
    <div class="stack small-gap grow" data-stuck={sending.state}>
      {sending.state === 'stale' ? <Note kind="warn" icon="clock" role="alert">{t('queue.stale.why')}</Note> : <Refused problem={sending.problem} />}
      {sure ? (
        <>
          <p>{t('queue.drop.sure')}</p>
          <div class="row">
            <Button kind="danger" class="filled" icon="trash" onClick={drop}>{t('queue.drop.yes')}</Button>
            <Button onClick={() => setSure(false)}>{t('cancel')}</Button>
          </div>
        </>
      ) : (
        <div class="row">
          <Button kind="primary" icon="pencil" onClick={() => void mend(id).then(onMend)}>{t('queue.mend')}</Button>
          <Button icon="send" onClick={() => void sendAsIs(id)}>{t('queue.asis')}</Button>
          <Button kind="danger" icon="trash" onClick={() => setSure(true)}>{t('queue.drop')}</Button>
        </div>
      )}
    </div>
  );
}

// the server names a field and says to programmers what is wrong there; people know it by its label
const LABELS: Record<string, string> = {
  text: 'step.3.short', category: 'what.category', location: 'step.2.short', area: 'step.2.short', media: 'step.1.short', terms: 'step.4.title',
  'reporter.name': 'contact.name', 'reporter.phone': 'contact.phone', 'reporter.email': 'contact.email', reporter: 'contact.title',
};
const labelOf = (field: string): string | undefined => LABELS[field] ?? LABELS[field.split('.')[0]!];

function Refused({ problem }: { problem: Sending['problem'] }) {
  const wrong = [...new Set(problem?.errors.map((each) => { const key = labelOf(each.field); return key ? t(key) : each.detail; }))].filter((each) => each && each !== problem?.words);
  return (
    <Note kind="bad" icon="alert-triangle" role="alert">
      <p>{problem?.words || t('queue.review.why')}</p>
      {wrong.length > 0 && <ul>{wrong.map((each) => <li key={each}>{each}</li>)}</ul>}
    </Note>
  );
}
