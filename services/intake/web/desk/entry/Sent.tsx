/** What the operator reads out: the code, the promise, what happens next. */
import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { both, sentence, t } from '@web/core/i18n';
import { Button, Icon, Note, toast } from '@web/ui/kit';
import { onLink, pathOf } from '../route';
import { me } from '../session';
import { Paper } from './Paper';
import type { Receipt } from './draft';

const OPENS_CASES = new Set(['office_clerk', 'leader']);

interface SentProps {
  sent: Receipt;
  onNext: () => void;
}

export function Sent({ sent, onNext }: SentProps): JSX.Element {
  const box = useRef<HTMLHeadingElement>(null);
  useEffect(() => box.current?.focus(), []);
  const { code, promise, reword, emergency } = sent;
  const to = { name: 'case', code } as const;
  const copy = (): void =>
    void navigator.clipboard?.writeText(code).then(() => toast(t('case.copied')));
  return (
    <section class="card stack sent" data-sent={code}>
      <h2 tabIndex={-1} ref={box}>{t(promise ? 'entry.sent' : 'entry.joined')}</h2>
      {emergency.length > 0 && (
        <Note kind="bad" icon="phone" role="alert">
          {t('entry.emergency_sent', { numbers: emergency.map((each) => each.number).join(' · ') })}
        </Note>
      )}
      <p class="hint">{t('entry.read_code')}</p>
      <p class="readout num" aria-label={[...code].join(' ')}>
        {code.split(/(?=-)|(?<=-)/).map((group, at) => (
          <span key={at}>{[...group].map((letter, n) => <span key={n}>{letter}</span>)}</span>
        ))}
      </p>
      {promise && <blockquote class="read-out">{sentence(both(promise))}</blockquote>}
      {reword && <Note kind="warn" icon="hourglass">{both(reword)}</Note>}
      <p class="hint">{t('entry.how_to_follow')}</p>
      <div class="row">
        <Button kind="primary" icon="plus" onClick={onNext}>{t('entry.next')}</Button>
        <Button icon="copy" onClick={copy}>{t('case.copy')}</Button>
        <Button icon="printer" onClick={() => print()}>{t('entry.print')}</Button>
        {promise && OPENS_CASES.has(me.value?.role ?? '') && (
          <a class="btn" href={pathOf(to)} onClick={onLink(to)}>
            <Icon name="external-link" />{t('entry.open')}
          </a>
        )}
      </div>
      <Paper sent={sent} />
    </section>
  );
}
