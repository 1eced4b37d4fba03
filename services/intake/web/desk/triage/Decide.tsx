/** What the Office does with a case of its triage, from the list: one press, or another unit. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError } from '@web/core/api';
import { t } from '@web/core/i18n';
import { Button, Note, toast, wordsOf } from '@web/ui/kit';
import { catalogue, unitName } from '../catalogue';
import { type OnePress, type Row, taken } from '../model';
import { SLIP_MS, usePress, useWishes } from '../pressing';
import { authed } from '../session';
import { Why } from '../why';

type Send = (name: string, body: object, unit: string | null) => Promise<void>;

interface DecideProps {
  row: Row;
  onDone: () => void;
}

/** One press takes the router's suggestion; another unit is two. */
export function Decide({ row, onDone }: DecideProps): JSX.Element {
  const [busy, press] = usePress(SLIP_MS); // the list is read meanwhile
  const [refused, setRefused] = useState<unknown>(null);
  const wishes = useWishes();
  const step = taken(row);
  const give: Send = async (name, body, unit) => {
    const [path, ifMatch] = [`desk/cases/${row.code}/${name}`, `"${row.version}"`];
    setRefused(null);
    try {
      const wanted = JSON.stringify([name, body, row.version]);
      await wishes.send(wanted, (key) => authed(path, { body, key, ifMatch }));
      toast(unit ? t('triage.given', { unit: unitName(unit) }) : t('triage.released'));
    } catch (error) {
      setRefused(error);
      const gone = error instanceof ApiError && error.status === 412;
      if (gone) toast(`${row.code}: ${wordsOf(error)}`); // this line may leave the list with it
    }
    onDone();
  };
  const send: Send = (name, body, unit) => press(() => give(name, body, unit));
  return (
    <div class="decide">
      {refused !== null && <Note kind="warn" role="alert">{wordsOf(refused)}</Note>}
      <Why routed={row.routed} />
      <div class="row between">
        {step && <Take step={step} busy={busy} onSend={send} />}
        {row.actions.includes('assign') && <OtherUnit code={row.code} busy={busy} onSend={send} />}
      </div>
    </div>
  );
}

interface TakeProps {
  step: OnePress;
  busy: boolean;
  onSend: Send;
}

function Take({ step, busy, onSend }: TakeProps): JSX.Element {
  const unit = unitName(step.unit);
  return (
    <Button
      kind="primary"
      icon="check"
      busy={busy}
      data-triage={step.name}
      onClick={() => void onSend(step.name, step.body, step.unit)}
    >
      {step.unit ? t(`triage.take.${step.name}`, { unit }) : t('action.release')}
    </Button>
  );
}

interface OtherUnitProps {
  code: string;
  busy: boolean;
  onSend: Send;
}

function OtherUnit({ code, busy, onSend }: OtherUnitProps): JSX.Element {
  const [other, setOther] = useState('');
  const give = (event: Event): void => {
    event.preventDefault();
    if (other) void onSend('assign', { unit: other }, other);
  };
  return (
    <form class="row other" onSubmit={give}>
      <label class="pick" for={`to-${code}`}>
        <span class="hidden-visually">{t('triage.other')} {code}</span>
        <select
          id={`to-${code}`}
          class="input"
          value={other}
          onChange={(event) => setOther(event.currentTarget.value)}
        >
          <option value="">{t('triage.other')}</option>
          {catalogue.value.units.filter((each) => each.id !== 'office').map((each) => (
            <option value={each.id} key={each.id}>{unitName(each.id)}</option>
          ))}
        </select>
      </label>
      <Button type="submit" busy={busy} disabled={!other}>{t('triage.give')}</Button>
    </form>
  );
}
