/** Hand the public link on: by the device's own sheet, else it is copied. */
import { t } from '@web/core/i18n';
import { Button, toast } from '@web/ui/kit';

export function Share({ code }: { code: string }) {
  const link = `${location.origin}/r/${code}`;
  const share = async (): Promise<void> => {
    try {
      if (typeof navigator.share === 'function') return await navigator.share({ title: t('app.name'), text: `${t('receipt.code')} ${code}`, url: link });
      await navigator.clipboard.writeText(link);
      toast(t('track.copied'));
    } catch {
      // the sheet was closed again, or the browser gives nobody its clipboard: nothing was done
    }
  };
  return <Button kind="quiet" icon="share" aria-label={t('track.share')} onClick={() => void share()} />;
}
