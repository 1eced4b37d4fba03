/** The way out of messages, from the link in a mail: its token stands behind the `#`, never in the path. */
import { useState } from 'preact/hooks';
import { call } from '@web/core/api';
import { has, t } from '@web/core/i18n';
import { Button, Icon, Note, wordsOf } from '@web/ui/kit';
import { useArrival } from '../router';

export default function OptOutPage() {
  const [token] = useState(() => location.hash.slice(1));
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState('');
  const [ended, setEnded] = useState('');
  useArrival(`${t(ended ? 'optout.done' : 'optout.title')} · ${t('app.name')}`, ended);
  const stop = async (): Promise<void> => {
    setBusy(true);
    setWrong('');
    try {
      const { data } = await call<{ channel: string }>('notifications/opt-out', { body: { token } });
      history.replaceState(null, '', location.pathname);
      setEnded(data.channel);
    } catch (failed) {
      setWrong(wordsOf(failed));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div class="form stack optout">
      <Icon name={ended ? 'circle-check' : 'bell-off'} large />
      <h1 tabIndex={-1}>{ended ? t('optout.done') : t('optout.title')}</h1>
      {ended ? <Ended channel={ended} /> : token ? (
        <>
          <p>{t('optout.ask')}</p>
          <p class="hint">{t('optout.keeps')}</p>
          {wrong && <Note kind="bad" icon="alert-triangle" role="alert">{wrong}</Note>}
          <Button kind="primary" large wide icon="bell-off" busy={busy} onClick={() => void stop()}>{t('optout.stop')}</Button>
        </>
      ) : <Note kind="warn" icon="info-circle">{t('optout.nolink')}</Note>}
      <p><a class="btn quiet" href="/mine">{t('nav.mine')}</a></p>
    </div>
  );
}

function Ended({ channel }: { channel: string }) {
  const name = has(`optout.channel.${channel}`) ? t(`optout.channel.${channel}`) : channel;
  return <Note kind="good" icon="check" role="status">{t('optout.ended', { channel: name })}</Note>;
}
