/** The result with its photos, the reporter's before it. */
import { moment } from '@web/core/dates';
import { both, has, t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { Secret } from './Secret';
import type { CaseView } from './case';
import { nameOf } from './names';

export function Result({ view, token }: { view: CaseView; token: string | null }) {
  const result = view.result!;
  const before = Array.isArray(view.media) ? view.media.filter((each) => each.kind === 'image' && each.from === 'reporter').map((each) => ({ link: each.links['public']!, at: each.captured_at })) : [];
  const after = result.media.map((link) => ({ link, at: result.at }));
  const outcome = `outcome.${result.outcome}`;
  return (
    <section class="card result stack" aria-labelledby="result-title">
      <h2 id="result-title"><Icon name="circle-check" /> {t('track.result')}</h2>
      <p><b>{has(outcome) ? t(`outcome.${result.outcome}`) : result.outcome}</b> · {both(result.unit_name)} · <span class="num">{moment(result.at)}</span></p>
      {result.agency && <p>{t('track.where')} <b>{result.agency}</b></p>}
      <p class="said">{result.text}</p>
      <div class="pairs">
        {before.length > 0 && <Pictures title={t('track.before')} shots={before} view={view} token={token} />}
        {after.length > 0 && <Pictures title={t('track.after')} shots={after} view={view} token={token} />}
      </div>
    </section>
  );
}

interface Shot {
  link: string;
  at: string | null;
}

function Pictures({ title, shots, view, token }: { title: string; shots: Shot[]; view: CaseView; token: string | null }) {
  return (
    <figure>
      <figcaption class="small"><b>{title}</b></figcaption>
      {shots.map(({ link, at }, n) => <Secret key={link} link={link} token={token} alt={nameOf(view, `${title} ${n + 1}`, at)} />)}
    </figure>
  );
}
