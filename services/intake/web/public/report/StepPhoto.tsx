/** ① Photos and sound, from the camera, the microphone or a file. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { moment } from '@web/core/dates';
import { t } from '@web/core/i18n';
import { sha256, uuid } from '@web/core/ids';
import { Button, Icon, Note, announce } from '@web/ui/kit';
import { fromPhoto } from '../photo';
import { LONGEST_S, Recorder, canRecord } from '../sound';
import { type Media, hasRoom } from '../store';
import { draft, dropMedia, here, keepMedia, media, saveNow } from './draft';

const MOST = 8;

export function StepPhoto() {
  const camera = useRef<HTMLInputElement>(null);
  const album = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  useEffect(watchPlace, []);

  const take = async (input: HTMLInputElement): Promise<void> => {
    const files = [...(input.files ?? [])];
    input.value = '';
    setBusy(true);
    setSaid('');
    for (const file of files) setSaid((await addFile(file)) ?? '');
    setBusy(false);
  };
  const open = async (input: HTMLInputElement | null): Promise<void> => {
    await saveNow(); // small phones end the page while the camera is open
    input?.click();
  };
  return (
    <div class="stack">
      <p class="hint">{t('photo.hint')}</p>
      <div class="shoot">
        <Button id="take-photo" kind="primary" large wide icon="camera" busy={busy} onClick={() => void open(camera.current)}>{busy ? t('photo.busy') : t('photo.take')}</Button>
        <RecordButton onSaid={setSaid} />
        <Button kind="quiet" icon="photo-plus" onClick={() => void open(album.current)}>{t('photo.choose')}</Button>
      </div>
      <input ref={camera} type="file" accept="image/*" capture="environment" hidden data-testid="camera" onChange={(event) => void take(event.currentTarget)} />
      <input ref={album} type="file" accept="image/*,audio/*" multiple hidden data-testid="album" onChange={(event) => void take(event.currentTarget)} />
      {said && <Note kind="bad" icon="alert-triangle" role="alert">{said}</Note>}
      <Thumbs />
    </div>
  );
}

/** While photos are taken we know where, so that the scene has a place even without EXIF. */
function watchPlace(): () => void {
  if (!navigator.geolocation) return () => undefined;
  const id = navigator.geolocation.watchPosition(
    ({ coords }) => (here.value = { lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy), source: 'device' }),
    () => undefined,
    { enableHighAccuracy: true, maximumAge: 30_000, timeout: 20_000 },
  );
  return () => navigator.geolocation.clearWatch(id);
}

async function addFile(file: File): Promise<string | null> {
  if (media.value.length >= MOST) return t('photo.many', { n: MOST });
  if (!(await hasRoom(Math.min(file.size, 1_000_000)))) return t('storage.full');
  const position = nextPosition();
  try {
    if (file.type.startsWith('audio/')) await keepMedia(await soundOf(await file.arrayBuffer(), file.type, { name: file.name, position }));
    else await keepMedia(await fromPhoto(file, draft.value.id, position, here.value, media.value.reduce((sum, each) => sum + each.bytes.byteLength, 0)));
    announce(t('photo.added', { n: media.value.length }));
    return null;
  } catch (error) {
    return error instanceof DOMException && error.name === 'QuotaExceededError' ? t('storage.full') : t('photo.failed');
  }
}

const nextPosition = (): number => Math.max(0, ...media.value.map((each) => each.position)) + 1;

async function soundOf(bytes: ArrayBuffer, type: string, more: { name: string; position: number; duration_ms?: number; began_at?: string }): Promise<Media> {
  return {
    id: uuid(), draft_id: draft.value.id, position: more.position, name: more.name, type: type.split(';')[0]!, kind: 'audio', bytes,
    sha256: await sha256(bytes), captured_at: more.began_at ?? null, lat: here.value?.lat ?? null, lon: here.value?.lon ?? null,
    accuracy_m: here.value?.accuracy_m ?? null, source: here.value ? 'device' : 'none', duration_ms: more.duration_ms ?? null, old: false,
  };
}

function RecordButton({ onSaid }: { onSaid: (words: string) => void }) {
  const [recorder, setRecorder] = useState<Recorder | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const start = async (): Promise<void> => {
    onSaid('');
    const made = new Recorder();
    await saveNow();
    try {
      await made.start();
    } catch {
      onSaid(t('sound.denied'));
      return;
    }
    setRecorder(made);
    const done = await made.result();
    setRecorder(null);
    if (!done) return onSaid(t('sound.empty'));
    const ending = { 'audio/mp4': 'm4a', 'audio/webm': 'webm', 'audio/ogg': 'ogg' }[done.type] ?? 'bin';
    await keepMedia(await soundOf(done.bytes, done.type, { ...done, name: `ghi-am.${ending}`, position: nextPosition() }));
    announce(t('sound.added'));
  };
  if (!canRecord()) {
    return (
      <>
        <Button large wide icon="microphone" onClick={() => file.current?.click()}>{t('sound.choose')}</Button>
        <input ref={file} type="file" accept="audio/*" hidden onChange={(event) => void addFileOf(event.currentTarget, onSaid)} />
      </>
    );
  }
  if (!recorder) return <Button large wide icon="microphone" onClick={() => void start()}>{t('sound.record')}</Button>;
  return (
    <button type="button" class="btn danger large wide recording" onClick={() => recorder.stop()}>
      <Icon name="player-stop" />
      <span>{t('sound.stop')} <span class="num">{clock(recorder.seconds.value)} / {clock(LONGEST_S)}</span></span>
      <meter class="level" min={0} max={1} value={recorder.level.value} aria-label={t('sound.level')} />
    </button>
  );
}

async function addFileOf(input: HTMLInputElement, onSaid: (words: string) => void): Promise<void> {
  const [chosen] = input.files ?? [];
  input.value = '';
  if (chosen) onSaid((await addFile(chosen)) ?? '');
}

export const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;

export function Thumbs({ still }: { still?: boolean }) {
  if (!media.value.length) return null;
  return (
    <ul class="thumbs plain" aria-label={t('photo.list')}>
      {media.value.map((each, n) => <li key={each.id}><Thumb media={each} place={n + 1} still={still} /></li>)}
    </ul>
  );
}

function Thumb({ media: each, place, still }: { media: Media; place: number; still?: boolean }) {
  const url = useMemo(() => URL.createObjectURL(new Blob([each.bytes], { type: each.type })), [each.id]);
  useEffect(() => () => URL.revokeObjectURL(url), [url]);
  const when = each.captured_at ? moment(each.captured_at) : '';
  const name = each.kind === 'image' ? t('photo.nth', { n: place }) : t('sound.nth', { n: place });
  return (
    <figure class="thumb">
      {each.kind === 'image' ? <img src={url} alt={`${name}${when ? `, ${when}` : ''}`} /> : <audio src={url} controls aria-label={name} />}
      <figcaption class="small num">
        {each.kind === 'audio' && each.duration_ms ? `${clock(each.duration_ms / 1000)} · ` : ''}
        {when}
        {each.accuracy_m ? ` · ±${each.accuracy_m} m` : ''}
        {each.old && <span class="chip soon"><Icon name="clock" />{t('photo.old')}</span>}
      </figcaption>
      {!still && <button type="button" class="btn icon-only remove" aria-label={t('photo.remove', { name })} onClick={() => void dropMedia(each.id)}><Icon name="x" /></button>}
    </figure>
  );
}
