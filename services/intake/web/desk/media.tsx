/** Photos with a viewer, recordings with a player, and adding one's own. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { duration, moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { sha256 } from '@web/core/ids';
import { Button, Icon, toast, wordsOf } from '@web/ui/kit';
import { categoryName } from './catalogue';
import { now } from './live';
import type { Case, Media } from './model';
import { usePress, useWishes } from './pressing';
import { authed, blobOf } from './session';

export function MediaSet({ shown }: { shown: Case }): JSX.Element {
  const images = shown.media.filter((each) => each.kind === 'image');
  const sounds = shown.media.filter((each) => each.kind === 'audio');
  const [open, setOpen] = useState<number | null>(null);
  if (!shown.media.length) return <p class="hint">{t('case.no_media')}</p>;
  return (
    <div class="stack">
      <ul class="plain thumbs">
        {images.map((each, n) => (
          <li key={each.id}>
            <button type="button" class="thumb" onClick={() => setOpen(n)} aria-label={`${t('media.zoom')}: ${altOf(shown, each, n)}`}>
              <Picture path={each.links['thumbnail'] ?? each.links['public']!} alt="" />
              <span class="hint">{t(each.from === 'unit' ? 'case.after' : 'case.before')}</span>
            </button>
          </li>
        ))}
      </ul>
      {sounds.map((each, n) => <Sound key={each.id} media={each} n={n + 1} />)}
      {open !== null && <Viewer shown={shown} images={images} at={open} onMove={setOpen} onClose={() => setOpen(null)} />}
    </div>
  );
}

function altOf(shown: Case, media: Media, n: number): string {
  const name = t('media.alt', { n: n + 1, category: categoryName(shown.category) });
  return media.captured_at ? `${name}, ${moment(media.captured_at, now.value)}` : name; // another moment than its own would be untrue
}

/** The URL of a file, fetched with the token and given back when it is not shown any more. */
function useFile(path: string): { url: string | null; failed: boolean } {
  const [state, setState] = useState<{ url: string | null; failed: boolean }>({ url: null, failed: false });
  useEffect(() => {
    const stop = new AbortController();
    let made = '';
    setState({ url: null, failed: false });
    blobOf(path, stop.signal).then(
      (url) => {
        made = url;
        if (stop.signal.aborted) URL.revokeObjectURL(url);
        else setState({ url, failed: false });
      },
      () => stop.signal.aborted || setState({ url: null, failed: true }),
    );
    return () => {
      stop.abort();
      if (made) URL.revokeObjectURL(made);
    };
  }, [path]);
  return state;
}

function Picture({ path, alt, turn = 0 }: { path: string; alt: string; turn?: number }): JSX.Element {
  const { url, failed } = useFile(path);
  if (failed) return <span class="broken"><Icon name="photo" />{t('media.failed')}</span>;
  if (!url) return <span class="skeleton block" />;
  return <img src={url} alt={alt} class={turn ? `turn-${turn}` : ''} />;
}

function Viewer({ shown, images, at, onMove, onClose }: { shown: Case; images: readonly Media[]; at: number; onMove: (to: number) => void; onClose: () => void }): JSX.Element {
  const box = useRef<HTMLDialogElement>(null);
  const [turn, setTurn] = useState(0);
  const [large, setLarge] = useState(false);
  useEffect(() => box.current?.showModal(), []);
  useEffect(() => (setTurn(0), setLarge(false)), [at]);
  const move = (step: number): void => onMove((at + step + images.length) % images.length);
  const keys = (event: KeyboardEvent): void => {
    if (event.key === 'ArrowRight') move(1);
    if (event.key === 'ArrowLeft') move(-1);
    if (event.key === 'r') setTurn((turn + 90) % 360);
    if (event.key === '+') setLarge(!large);
  };
  const image = images[at]!;
  return (
    <dialog ref={box} class="viewer" onClose={onClose} onKeyDown={keys} aria-label={altOf(shown, image, at)}>
      <div class="bar row">
        <Button icon="chevron-left" aria-label={t('media.previous')} onClick={() => move(-1)} disabled={images.length < 2} />
        <Button icon="chevron-right" aria-label={t('media.next')} onClick={() => move(1)} disabled={images.length < 2} />
        <Button icon="rotate" aria-label={t('media.rotate')} onClick={() => setTurn((turn + 90) % 360)} />
        <Button icon={large ? 'zoom-out' : 'zoom-in'} aria-label={t('media.zoom')} aria-pressed={large} onClick={() => setLarge(!large)} />
        <span class="grow hint num">{at + 1}/{images.length} · {t(image.from === 'unit' ? 'case.after' : 'case.before')}</span>
        <Button icon="x" aria-label={t('media.close')} onClick={() => box.current?.close()} />
      </div>
      <div class={`stage${large ? ' large' : ''}`} tabIndex={0}><Picture path={image.links['public']!} alt={altOf(shown, image, at)} turn={turn} /></div>
    </dialog>
  );
}

const SPEEDS = [1, 1.5, 2];
const UPLOAD_MS = 120_000;

function Sound({ media, n }: { media: Media; n: number }): JSX.Element {
  const { url, failed } = useFile(media.links['public']!);
  const player = useRef<HTMLAudioElement>(null);
  const [speed, setSpeed] = useState(1);
  useEffect(() => {
    if (player.current) player.current.playbackRate = speed;
  }, [speed, url]);
  const length = media.duration_ms ? `${Math.round(media.duration_ms / 1000)} s` : duration(0);
  return (
    <figure class="sound">
      <figcaption>{t('media.audio', { n, span: length })} · <span class="hint">{t('media.no_note')}</span></figcaption>
      {failed ? <p class="hint">{t('media.failed')}</p> : <audio ref={player} controls preload="metadata" src={url ?? undefined} aria-label={t('media.audio', { n, span: length })} />}
      <div class="row" role="group" aria-label={t('media.speed')}>
        {SPEEDS.map((each) => <Button key={each} kind="quiet" aria-pressed={each === speed} onClick={() => setSpeed(each)}>{each}×</Button>)}
      </div>
    </figure>
  );
}

interface AddMediaProps {
  shown: Case;
  onAdded: (ids: string[], after: Case) => void;
}

/** What says that the same files are sent again. */
async function printOf(files: readonly File[]): Promise<string> {
  const prints = files.map(async (each) => {
    const known = await sha256(await each.arrayBuffer());
    return known ?? `${each.name} ${each.size} ${each.lastModified}`;
  });
  return (await Promise.all(prints)).join(' ');
}

/** Send files to the case; they become evidence of the work. */
export function AddMedia({ shown, onAdded }: AddMediaProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const wishes = useWishes();
  const before = useRef(new Map<string, ReadonlySet<string>>()); // what stood there when first tried
  const [busy, press] = usePress();
  const [failed, setFailed] = useState<unknown>(null);
  const send = async (files: readonly File[]): Promise<void> => {
    setFailed(null);
    try {
      const wanted = await printOf(files);
      const known = before.current.get(wanted) ?? new Set(shown.media.map((each) => each.id));
      before.current.set(wanted, known);
      const form = new FormData();
      form.append('report', new Blob(['{}'], { type: 'application/json' }));
      for (const file of files) form.append('media', file, file.name);
      const path = `desk/cases/${shown.code}/media`;
      const { data } = await wishes.send(wanted, (key) =>
        authed<Case>(path, { form, key, timeoutMs: UPLOAD_MS }),
      );
      before.current.delete(wanted);
      const added = data.media.filter((each) => !known.has(each.id)).map((each) => each.id);
      toast(t('media.added', { n: added.length }));
      onAdded(added, data);
    } catch (error) {
      setFailed(error);
    }
    if (input.current) input.current.value = '';
  };
  const chosen = (): void => {
    const files = [...(input.current?.files ?? [])];
    if (files.length) void press(() => send(files));
  };
  return (
    <div class="stack">
      <input ref={input} id="add-media" class="hidden-visually" type="file" accept="image/*,audio/*" multiple tabIndex={-1} aria-hidden="true" onChange={chosen} />
      <Button icon="photo-plus" busy={busy} onClick={() => input.current?.click()}>{t(busy ? 'form.sending' : 'media.add')}</Button>
      {failed !== null && <p class="error" role="alert"><Icon name="alert-triangle" />{wordsOf(failed)}</p>}
    </div>
  );
}
