/** Where the operations centre begins: the wall is its page, and stands with notify. */
import type { JSX } from 'preact';
import { readConfig } from '@web/core/config';
import { t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { Heading } from './parts';

export function Operations(): JSX.Element {
  return (
    <main id="main" class="leaders" tabIndex={-1}>
      <Heading title={t('nav.operations')}>{t('nav.operations')}</Heading>
      <section class="card stack">
        <p>{t('operations.lead')}</p>
        <div class="row">
          <a class="btn primary" href={`${readConfig().notify}/ioc/wall`}>
            <Icon name="layout-dashboard" />{t('operations.wall')}
          </a>
          <a class="btn" href="/map"><Icon name="map" />{t('operations.map')}</a>
        </div>
      </section>
    </main>
  );
}
