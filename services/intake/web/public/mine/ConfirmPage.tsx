/** The yes of an address's owner, from the link in a mail: its token stands behind the `#`. */
import { useState } from 'preact/hooks';
import { call } from '@web/core/api';
import { t } from '@web/core/i18n';
import { Button, Icon, Note } from '@web/ui/kit';
import { Refused, useOnce } from '../once';
import { useArrival, useFragment } from '../router';

export default function ConfirmPage() {
  const [token, setToken] = useState(() => location.hash.slice(1));
  const [code, setCode] = useState('');
  const saying = useOnce();
  useFragment((words) => {
    if (!words) return;
    setToken(words);
    setCode('');
    saying.forget();
  });
  useArrival(`${t(code ? 'confirm.done' : 'confirm.title')} · ${t('app.name')}`, code);
  // a press of a person: scanners of mails open every link, and must not say yes for anybody
  const confirm = async (): Promise<void> => {
    const { data } = await call<{ code: string }>('notifications/confirm', { body: { token } });
    history.replaceState(null, '', location.pathname);
    setCode(data.code);
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
          <Refused error={saying.failed} />
          <Button kind="primary" large wide icon="check" busy={saying.busy} onClick={() => void saying.run(confirm)}>{t('confirm.yes')}</Button>
        </>
      ) : <Note kind="warn" icon="info-circle">{t('optout.nolink')}</Note>}
    </div>
  );
}
