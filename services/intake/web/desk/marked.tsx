/** A text with what the screening found in it: each place marked, each reason in words. */
import type { JSX } from 'preact';
import { both, t } from '@web/core/i18n';
import { Icon } from '@web/ui/kit';
import { type Mark, pieces } from './model';

interface Props {
  text: string;
  marks?: readonly Mark[];
}

const reasonsOf = (marks: readonly Mark[]): string =>
  [...new Set(marks.map((each) => both(each.name)))].join(', ');

export function Marked({ text, marks = [] }: Props): JSX.Element {
  if (!marks.length) return <>{text}</>;
  return (
    <>
      {pieces(text, marks).map(({ words, marks: found }, n) =>
        found.length ? (
          <mark key={n} class={found[0]!.kind} title={reasonsOf(found)}>
            {words}<span class="hidden-visually"> ({reasonsOf(found)})</span>
          </mark>
        ) : (
          words
        ),
      )}
    </>
  );
}

/** Why each place is marked, for eyes that see no title. */
export function Reasons({ text, marks = [] }: Props): JSX.Element | null {
  if (!marks.length) return null;
  const letters = [...text];
  const groups = new Map<string, string[]>();
  for (const each of [...marks].sort((a, b) => a.from - b.from)) {
    const words = `“${letters.slice(each.from, each.to).join('')}”`;
    const reason = both(each.name);
    groups.set(reason, [...(groups.get(reason) ?? []), words]);
  }
  return (
    <div class="reasons" data-reasons>
      <b><Icon name="flag" />{t('flagged.title')}</b>
      <ul class="plain">
        {[...groups].map(([reason, words]) => (
          <li key={reason}>{reason}: {[...new Set(words)].join(', ')}</li>
        ))}
      </ul>
    </div>
  );
}
