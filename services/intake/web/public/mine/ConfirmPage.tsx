/** The yes of an address's owner, from the link in a mail: its token stands behind the `#`. */
import { useState } from 'preact/hooks';
import { call } from '@web/core/api';
import { t } from '@web/core/i18n';
import { Button, Icon, Note, wordsOf } from '@web/ui/kit';
import { useArrival } from '../router';

export default function ConfirmPage() {
  const [token] = useState(() => location.hash.slice(1));
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const [code, setCode] = useState('');
  useArrival(`${t(code ? 'confirm.done' : 'confirm.title')} · ${t('app.name')}`, code);
  // a press of a person: scanners of mails open every link, and must not say yes for anybody
  const confirm = async (): Promise<void> => {
    setBusy(true);
    setWrong('');
    try {
      const { data } = await call<{ code: string }>('notifications/confirm', { body: { token } });
      history.replaceState(null, '', location.pathname);
      setCode(data.code);
    } catch (failed) {
      setWrong(wordsOf(failed));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="form stack optout">
      <Icon name={code ? 'circle-check' : 'bell'} large />
      <h1 tabIndex={-1}>{code ? t('confirm.done') : t('confirm.title')}</h1>
      {code ? (
        <>
          <Note kind="good" icon="check" role="status">{t('confirm.told', { code })}</Note>
          <a class="btn primary large wide" href={`/r/${code}`}>{t('receipt.track')}</a>
        </>
      ) : token ? (
        <>
          <p>{t('confirm.ask')}</p>
          <p class="hint">{t('confirm.else')}</p>
          {wrong && <Note kind="bad" icon="alert-triangle" role="alert">{wrong}</Note>}
          <Button kind="primary" large wide icon="check" busy={busy} onClick={() => void confirm()}>{t('confirm.yes')}</Button>
        </>
      ) : <Note kind="warn" icon="info-circle">{t('optout.nolink')}</Note>}
    </div>
  );
}
