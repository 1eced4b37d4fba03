/** ③ What: the text, the category by picture, and whether somebody has reported it already. */
import { useEffect, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { duration } from '@web/core/dates';
import { matches } from '@web/core/fold';
import { type Bilingual, both, t } from '@web/core/i18n';
import { Field, FieldError, Icon, Note } from '@web/ui/kit';
import { type Category, catalogue, unitName } from '../catalogue';
import { guess, speaksOfDanger, suggest } from '../logic/suggest';
import { Similar } from './Similar';
import { category, change, draft } from './draft';

export const LONGEST = 5000;

/** Write the text; while nobody has pressed a category, the one that it speaks of most is taken. */
function write(text: string): void {
  const { category: now, guessed } = draft.value;
  if (now && !guessed) return change({ text });
  const found = guess(text, catalogue.value?.items ?? []);
  change({ text, category: found, guessed: true, lone: found === now && draft.value.lone });
}

export function StepWhat({ errorOf, online }: { errorOf: (target: string) => string | undefined; online: boolean }) {
  const now = draft.value;
  const proposed = suggest(now.text, catalogue.value?.items ?? []);
  const danger = speaksOfDanger(now.text) || Boolean(category.value?.emergency.length);
  return (
    <div class="stack">
      <Field id="text" label={t('what.text')} hint={t('what.text.hint')} error={errorOf('text')}>
        {(given) => <textarea {...given} rows={4} maxLength={LONGEST} value={now.text} onInput={(event) => write(event.currentTarget.value)} />}
      </Field>
      <p class="hint num counter" aria-hidden="true">{now.text.length} / {LONGEST}</p>
      {danger && <Danger numbers={category.value?.emergency ?? []} />}
      <Pictures proposed={proposed} error={errorOf('category-search')} />
      {category.value && <Limit category={category.value} />}
      {now.place && now.category && <Similar online={online} />}
    </div>
  );
}

function Danger({ numbers }: { numbers: readonly string[] }) {
  const all = numbers.length ? numbers : ['113', '114', '115'];
  return (
    <Note kind="bad" icon="phone" role="status">
      <p>{t('danger')}</p>
      <p class="row">{all.map((each) => <a key={each} class="btn danger filled" href={`tel:${each}`}>{each}</a>)}</p>
    </Note>
  );
}

function Limit({ category: chosen }: { category: Category }) {
  const limit = duration(chosen.limit_hours * 3600);
  return (
    <p class="limit" role="status">
      <Icon name="clock" />
      <span>{t(chosen.clock === 'working' ? 'what.limit.working' : 'what.limit.elapsed', { limit })} · <b>{both(unitName(chosen.lead))}</b></span>
    </p>
  );
}

function Pictures({ proposed, error }: { proposed: readonly string[]; error?: string }) {
  const [typed, setTyped] = useState('');
  const all = catalogue.value?.items ?? [];
  const fits = (each: Category): boolean => !typed || matches(`${each.name.vi} ${each.name.en ?? ''} ${each.keywords.join(' ')}`, typed);
  const shown = all.filter(fits);
  const first = proposed.map((id) => all.find((each) => each.id === id)!).filter(Boolean);
  return (
    <fieldset class={`pictures${error ? ' wrong' : ''}`} aria-describedby={error ? 'category-error' : undefined}>
      <legend>{t('what.category')}</legend>
      {error && <FieldError id="category-error" words={error} />}
      {first.length > 0 && !typed && (
        <div class="suggested" role="group" aria-label={t('what.suggested')}>
          <p class="hint" role="status">{t(draft.value.guessed && draft.value.category ? 'what.guessed' : 'what.suggested')}</p>
          {first.map((each) => <Picture key={each.id} category={each} name="suggested" />)}
        </div>
      )}
      <details class="finer" open={Boolean(error) || !first.some((each) => each.id === draft.value.category)}>
        <summary>{t(first.length ? 'what.others' : 'what.all')}</summary>
        <label class="hidden-visually" for="category-search">{t('what.search')}</label>
        <input id="category-search" class="input" type="search" placeholder={t('what.search')} value={typed} aria-invalid={error ? 'true' : undefined} onInput={(event) => setTyped(event.currentTarget.value)} />
        <div class="grid">{shown.map((each) => <Picture key={each.id} category={each} name="category" tile />)}</div>
        {!shown.length && <p class="hint" role="status">{t('what.search.none')}</p>}
      </details>
    </fieldset>
  );
}

function Picture({ category: each, name, tile }: { category: { id: string; icon: string; name: Bilingual }; name: string; tile?: boolean }) {
  const chosen = draft.value.category === each.id;
  return (
    <label class={tile ? 'choice tile' : 'choice'}>
      <input type="radio" name={name} value={each.id} checked={chosen} onChange={() => change({ category: each.id, guessed: false, lone: false })} />
      <Icon name={each.icon} large={tile} />
      <span class="grow">{both(each.name)}</span>
    </label>
  );
}

export interface SimilarCase {
  code: string;
  category_name: Bilingual | null;
  state: string;
  received_at: string;
  distance_m: number;
  followers: number;
}

/** Ask for known cases nearby; one question at a time, the last one counts. */
export function useSimilar(online: boolean): SimilarCase[] | null {
  const [found, setFound] = useState<SimilarCase[] | null>(null);
  const { place, category: chosen } = draft.value;
  useEffect(() => {
    if (!online || !place || !chosen) return setFound(null);
    const stop = new AbortController();
    const asked = new URLSearchParams({ lat: String(place.lat), lon: String(place.lon), category: chosen });
    get<{ items: SimilarCase[] }>(`reports/similar?${asked}`, { signal: stop.signal, timeoutMs: 8000 }).then((answer) => setFound(answer.items), () => setFound(null));
    return () => stop.abort();
  }, [online, place?.lat, place?.lon, chosen]);
  return found;
}
