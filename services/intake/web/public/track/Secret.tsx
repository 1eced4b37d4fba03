/** Media that need the token. */
import { useEffect, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';

/** A picture that needs the token: fetched with it, shown from memory. */
export function Secret({ link, token, alt, audio }: { link: string; token: string | null; alt: string; audio?: boolean }) {
  const [url, setUrl] = useState('');
  const [failed, setFailed] = useState(false);
  useEffect(() => {
    let made = '';
    void fetch(link, { headers: token ? { Authorization: `Bearer ${token}` } : {} })
      .then(async (answer) => {
        if (!answer.ok) throw new Error(String(answer.status));
        made = URL.createObjectURL(await answer.blob());
        setUrl(made);
      })
      .catch(() => setFailed(true));
    return () => URL.revokeObjectURL(made);
  }, [link]);
  if (failed) return <p class="hint">{t('media.failed')}</p>;
  if (!url) return <span class="skeleton block" />;
  return audio ? <audio controls src={url} aria-label={alt} /> : <img src={url} alt={alt} />;
}
