/** The sealed reporter: opened for a purpose, shown once, hidden again. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Dialog, Icon, Note, wordsOf } from '@web/ui/kit';
import type { Case } from './model';
import { usePress } from './pressing';
import { authed } from './session';

const PURPOSES = ['contact_reporter', 'verify_report', 'legal_request', 'data_subject_request'] as const;
const HIDDEN_AFTER_MS = 60_000; // an open identity on an unattended screen is a leak

interface Identity {
  name: string | null;
  phone: string | null;
  email: string | null;
}

export function ReporterCard({ shown }: { shown: Case }): JSX.Element {
  const [open, setOpen] = useState(false);
  const { kind, anonymity, left_identity } = shown.reporter;
  const may = shown.actions.includes('identity');
  return (
    <section class="card stack" aria-labelledby="reporter">
      <h2 id="reporter">{t('case.reporter')}</h2>
      <p><Icon name={anonymity === 'open' ? 'user' : anonymity === 'anonymous' ? 'user-off' : 'shield-lock'} />{t(`kind.${kind}`)} · {t(`anonymity.${anonymity}`)}</p>
      {left_identity && !may && <p class="hint">{t('identity.sealed')}</p>}
      {may && <Button icon="lock" onClick={() => setOpen(true)}>{t('identity.show')}</Button>}
      {!left_identity && <p class="hint">{t('identity.none')}</p>}
      {open && <Look code={shown.code} onClose={() => setOpen(false)} />}
    </section>
  );
}

function Look({ code, onClose }: { code: string; onClose: () => void }): JSX.Element {
  const [purpose, setPurpose] = useState<string>('');
  const [found, setFound] = useState<Identity | null>(null);
  const [refused, setRefused] = useState<unknown>(null);
  const [busy, press] = usePress(); // each look is noted, and the reporter sees it
  useEffect(() => {
    if (!found) return undefined;
    const timer = setTimeout(onClose, HIDDEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [found]);
  const look = async (): Promise<void> => {
    setRefused(null);
    try {
      setFound((await authed<Identity>(`desk/cases/${code}/reporter?purpose=${purpose}`)).data);
    } catch (error) {
      setRefused(error);
    }
  };
  const foot = found ? <Button kind="primary" onClick={onClose}>{t('identity.close')}</Button> : (
    <>
      <Button kind="quiet" onClick={onClose}>{t('cancel')}</Button>
      <Button kind="primary" icon="eye" busy={busy} disabled={!purpose} onClick={() => void press(look)}>{t('identity.open')}</Button>
    </>
  );
  return (
    <Dialog open title={t('identity.show')} onClose={onClose} foot={foot}>
      {refused !== null && <Note kind="bad" role="alert">{wordsOf(refused)}</Note>}
      {found ? (
        <dl class="facts">
          {(['name', 'phone', 'email'] as const).filter((each) => found[each]).map((each) => <div key={each}><dt>{t(`identity.${each}`)}</dt><dd>{found[each]}</dd></div>)}
        </dl>
      ) : (
        <>
          <p>{t('identity.lead')}</p>
          <fieldset class="stack">
            <legend>{t('identity.purpose')}</legend>
            {PURPOSES.map((each) => (
              <label class="choice" key={each}><input type="radio" name="purpose" value={each} checked={purpose === each} onChange={() => setPurpose(each)} />{t(`identity.${each}`)}</label>
            ))}
          </fieldset>
        </>
      )}
    </Dialog>
  );
}
