/** Why the router decided as it did: category × area, and where that line of the table comes from. */
import type { JSX } from 'preact';
import { both, t } from '@web/core/i18n';
import type { Routed } from './model';

export function Why({ routed }: { routed: Routed | null }): JSX.Element | null {
  if (!routed) return null;
  return (
    <p class="hint why">
      {both(routed.why)}
      {routed.source && ` ${t('why.source', { source: both(routed.source) })}`}
    </p>
  );
}
