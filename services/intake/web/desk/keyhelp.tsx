/** The list of shortcuts, and the switch that turns them off. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Dialog } from '@web/ui/kit';
import { keysOn, useKeys } from './keys';

const SHORTCUTS = [
  ['j / k', 'move'], ['Enter', 'open'], ['/', 'search'], ['a', 'accept'], ['r', 'result'],
  ['f', 'forward'], ['u', 'back'], ['n', 'entry'],
] as const;

export function KeyHelp(): JSX.Element {
  const [open, setOpen] = useState(false);
  useKeys({ '?': () => setOpen(true) }, []);
  return (
    <>
      <Button kind="quiet" icon="keyboard" class="only-wide" onClick={() => setOpen(true)}>
        {t('inbox.keys')}
      </Button>
      <Dialog open={open} title={t('keys.title')} onClose={() => setOpen(false)}>
        <dl class="keys">
          {SHORTCUTS.map(([key, name]) => (
            <div class="row" key={key}><dt><kbd>{key}</kbd></dt><dd>{t(`keys.${name}`)}</dd></div>
          ))}
        </dl>
        <label class="check">
          <input
            type="checkbox"
            checked={keysOn.value}
            onChange={(event) => (keysOn.value = event.currentTarget.checked)}
          />
          {t('keys.enabled')}
        </label>
      </Dialog>
    </>
  );
}
