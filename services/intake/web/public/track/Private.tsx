/** What concerns the reporter as a person: who looked, the code on other devices, erasing oneself. */
import { useState } from 'preact/hooks';
import { call, get } from '@web/core/api';
import { moment } from '@web/core/dates';
import { type Bilingual, both, t } from '@web/core/i18n';
import { Button, Dialog, Empty, Failed, Loading, toast } from '@web/ui/kit';
import { unitName } from '../catalogue';
import { Refused, useOnce } from '../once';
import type { CaseView } from './case';

interface Look {
  at: string;
  unit?: string | null;
  unit_name?: Bilingual | null;
  what: Bilingual;
  role_name?: Bilingual | null;
  purpose?: { id: string; name: Bilingual } | null;
}

export function Private({ view, token, code }: { view: CaseView; token: string; code: string }) {
  const [looks, setLooks] = useState<Look[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [open, setOpen] = useState<'' | 'looks' | 'erase'>('');
  const show = (): void => {
    setOpen('looks');
    setError(null);
    get<{ items: Look[] }>(`reports/${code}/looks`, { token }).then((found) => setLooks(found.items), setError);
  };
  const erasing = useOnce();
  const erase = async (): Promise<void> => {
    await call(`reports/${code}/reporter`, { method: 'DELETE', token });
    setOpen('');
    toast(t('private.erased'));
  };
  const ask = (): void => {
    erasing.forget();
    setOpen('erase');
  };
  const link = (): void => void navigator.clipboard?.writeText(`${location.origin}/r/${code}#${token}`).then(() => toast(t('private.copied')));
  return (
    <section class="card stack" aria-labelledby="private-title">
      <h2 id="private-title">{t('private.title')}</h2>
      <p class="small">{t(`private.${view.anonymity ?? 'open'}`)}</p>
      <div class="row">
        <Button icon="eye" onClick={show}>{t('private.looks')}</Button>
        <Button icon="copy" onClick={link}>{t('private.link')}</Button>
        {view.anonymity !== 'anonymous' && <Button kind="danger" icon="user-off" onClick={ask}>{t('private.erase')}</Button>}
      </div>
      <Dialog open={open === 'looks'} title={t('private.looks')} onClose={() => setOpen('')}>
        {error ? <Failed error={error} onRetry={show} /> : !looks ? <Loading /> : !looks.length ? <Empty icon="eye-off"><p>{t('private.nobody')}</p></Empty> : (
          <ul class="plain stack">{looks.map((each, n) => <li key={n}><b>{both(each.unit_name) || both(unitName(each.unit)) || both(each.role_name)}</b> · <span class="num">{moment(each.at)}</span><br /><span class="small">{both(each.what)}{each.purpose && ` · ${both(each.purpose.name)}`}</span></li>)}</ul>
        )}
      </Dialog>
      <Dialog open={open === 'erase'} title={t('private.erase')} onClose={() => setOpen('')} foot={<><Button onClick={() => setOpen('')}>{t('cancel')}</Button><Button kind="danger" class="filled" busy={erasing.busy} onClick={() => void erasing.run(erase)}>{t('private.erase.yes')}</Button></>}>
        <p>{t('private.erase.sure')}</p>
        <Refused error={erasing.failed} />
      </Dialog>
    </section>
  );
}
