/** The way out of messages, from the link in a mail: its token stands behind the `#`, never in the path. */
import { useState } from 'preact/hooks';
import { call } from '@web/core/api';
import { has, t } from '@web/core/i18n';
import { Button, Icon, Note } from '@web/ui/kit';
import { Refused, useOnce } from '../once';
import { useArrival, useFragment } from '../router';

export default function OptOutPage() {
  const [token, setToken] = useState(() => location.hash.slice(1));
  const [ended, setEnded] = useState('');
  const stopping = useOnce();
  useFragment((words) => {
    if (!words) return;
    setToken(words);
    setEnded('');
    stopping.forget();
  });
  useArrival(`${t(ended ? 'optout.done' : 'optout.title')} · ${t('app.name')}`, ended);
  const stop = async (): Promise<void> => {
    const { data } = await call<{ channel: string }>('notifications/opt-out', { body: { token } });
    history.replaceState(null, '', location.pathname);
    setEnded(data.channel);
  };
  return (
    <div class="form stack optout">
      <Icon name={ended ? 'circle-check' : 'bell-off'} large />
      <h1 tabIndex={-1}>{ended ? t('optout.done') : t('optout.title')}</h1>
      {ended ? <Ended channel={ended} /> : token ? (
        <>
          <p>{t('optout.ask')}</p>
          <p class="hint">{t('optout.keeps')}</p>
          <Refused error={stopping.failed} />
          <Button kind="primary" large wide icon="bell-off" busy={stopping.busy} onClick={() => void stopping.run(stop)}>{t('optout.stop')}</Button>
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
