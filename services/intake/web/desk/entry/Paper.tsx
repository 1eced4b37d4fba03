/** What the caller takes along on paper, with their private link; only the print shows it. */
import type { JSX } from 'preact';
import { both, sentence, t } from '@web/core/i18n';
import type { Receipt } from './draft';

export function Paper({ sent: { code, promise, secret } }: { sent: Receipt }): JSX.Element {
  const page = `${location.origin}/r/${code}`;
  return (
    <div class="paper" aria-hidden="true">
      <p><b>{t('app.name')}</b></p>
      <p>{t('entry.paper')}</p>
      <p class="num"><b>{code}</b></p>
      {promise && <p>{sentence(both(promise))}</p>}
      <img src={`/api/v1/reports/${code}/qr.svg`} width="148" height="148" alt="" />
      <p>{page}</p>
      {secret && <p data-secret>{t('entry.paper.secret')}<br />{`${page}#t=${secret}`}</p>}
    </div>
  );
}
