/** Where a dossier stands, by its number or its short code; by the link of a mail, its words too. */
import { useMemo, useState } from 'preact/hooks';
import { get } from '@web/core/api';
import { moment } from '@web/core/dates';
import { type Bilingual, both, has, t } from '@web/core/i18n';
import { turns } from '@web/core/turns';
import { Button, Field, wordsOf } from '@web/ui/kit';
import { useFragment } from '../router';
import { type Paper, Supply } from './Supply';

interface DossierView {
  number: string;
  state: string;
  procedure_name?: Bilingual;
  due_at?: string | null;
  promised_at?: string | null; // a later date, told with the reason
  steps?: { at: string; title: Bilingual; text?: string }[];
  checklist?: Paper[];
  [more: string]: unknown;
}

const EMPTY = 'empty';

export function Dossier() {
  const [typed, setTyped] = useState('');
  const [found, setFound] = useState<DossierView | null>(null);
  const [own, setOwn] = useState(''); // the secret of what was found, by the link of a letter
  const [error, setError] = useState<unknown>(null); // EMPTY, or what the server said
  const [busy, setBusy] = useState(false);
  const turn = useMemo(turns, []);
  const look = async (number: string, token: string | null): Promise<void> => {
    if (!number) return setError(EMPTY);
    const counts = turn();
    setBusy(true);
    setError(null);
    setFound(null);
    setOwn(token ?? '');
    try {
      const answer = await get<DossierView>(`onestop/dossiers/${encodeURIComponent(number.toUpperCase())}`, { token });
      if (counts()) setFound(answer);
    } catch (failed) {
      if (counts()) setError(failed);
    } finally {
      setBusy(false);
    }
  };
  useFragment((words) => {
    // the link in a letter carries number and token behind the `#`: they leave the address at once
    const link = new URLSearchParams(words);
    const number = link.get('d');
    if (!number) return;
    history.replaceState(null, '', location.pathname);
    setTyped(number);
    void look(number, link.get('t'));
  });
  const wrong = error === EMPTY ? t('dossier.empty') : error ? wordsOf(error) : undefined;
  const submit = (event: Event): void => {
    event.preventDefault();
    if (!busy) void look(typed.trim(), null);
  };
  const state = found ? `dossier.state.${found.state}` : '';
  const asked = found?.checklist?.filter((each) => each.asked_for) ?? [];
  return (
    <section class="stack" aria-labelledby="dossier-title">
      <h2 id="dossier-title">{t('dossier.title')}</h2>
      <form class="card stack small-gap" noValidate onSubmit={submit}>
        <Field id="dossier" label={t('dossier.number')} hint={t('dossier.hint')} error={wrong}>
          {(given) => <input {...given} type="text" autocapitalize="characters" autocomplete="off" spellcheck={false} maxLength={40} value={typed} onInput={(event) => setTyped(event.currentTarget.value)} />}
        </Field>
        <Button type="submit" kind="primary" icon="search" busy={busy}>{t('dossier.look')}</Button>
      </form>
      {found && (
        <div class="card stack small-gap" role="status">
          <p class="num"><b>{found.number}</b></p>
          <p>{both(found.procedure_name)}</p>
          <p><b>{has(state) ? t(`dossier.state.${found.state}`) : found.state}</b>{found.due_at ? ` · ${t('dossier.due', { at: moment(found.promised_at ?? found.due_at) })}` : ''}</p>
          {asked.length > 0 && <p>{t('dossier.bring')} {asked.map((each) => both(each.name)).join(' · ')}</p>}
          <ol class="timeline plain">{[...(found.steps ?? [])].reverse().map((each) => <li key={each.at}><b>{both(each.title)}</b><br /><span class="hint num">{moment(each.at)}</span>{each.text && <p class="said">{each.text}</p>}</li>)}</ol>
        </div>
      )}
      {own && found?.state === 'supplement' && asked.length > 0 && <div class="card"><Supply<DossierView> key={asked.map((each) => each.id).join()} number={found.number} token={own} asked={asked} onDone={setFound} /></div>}
    </section>
  );
}
