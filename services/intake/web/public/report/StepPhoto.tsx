/** ① Photos and sound, from the camera, the microphone or a file. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Icon, Note, announce } from '@web/ui/kit';
import { loadGround } from '../catalogue';
import { fromPhoto } from '../photo';
import { LONGEST_S, Recorder, canRecord } from '../sound';
import { hasRoom, saveDraft } from '../store';
import { draft, here, keepMedia, media, saveNow } from './draft';
import { Thumbs, clock } from './Thumbs';
import { keepRecording, nextPosition, soundOf } from './recording';

const MOST = 8;

export function StepPhoto() {
  const camera = useRef<HTMLInputElement>(null);
  const album = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState('');
  useEffect(() => {
    void watchIfAllowed();
    return endWatch;
  }, []);

  const take = async (input: HTMLInputElement): Promise<void> => {
    const files = [...(input.files ?? [])];
    input.value = '';
    setBusy(true);
    setSaid('');
    const wrong = new Set<string>(); // one that fits does not wipe what was said of another
    for (const file of files) {
      const words = await addFile(file);
      if (words) wrong.add(words);
      setSaid([...wrong].join(' '));
    }
    setBusy(false);
    watchPlace();
    void loadGround(); // the next step asks for the ward
  };
  const open = async (input: HTMLInputElement | null): Promise<void> => {
    await saveNow(); // small phones end the page while the camera is open
    input?.click();
  };
  return (
    <div class="stack">
      <p class="hint">{t('photo.hint')}</p>
      <div class="shoot">
        <Button
          id="take-photo"
          kind="primary"
          large
          wide
          icon="camera"
          busy={busy}
          onClick={() => void open(camera.current)}
        >
          {busy ? t('photo.busy') : t('photo.take')}
        </Button>
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

let watching: number | undefined;

/** While photos are taken we know where, so that the scene has a place even without EXIF. */
function watchPlace(): void {
  if (!navigator.geolocation || watching !== undefined) return;
  watching = navigator.geolocation.watchPosition(
    ({ coords }) => (here.value = { lat: coords.latitude, lon: coords.longitude, accuracy_m: Math.round(coords.accuracy), source: 'device' }),
    () => undefined,
    { enableHighAccuracy: true, maximumAge: 30_000, timeout: 20_000 },
  );
}

/** Who has allowed it before is not asked; all others are asked when a photo shows what it is for. */
async function watchIfAllowed(): Promise<void> {
  const allowed = await navigator.permissions?.query({ name: 'geolocation' }).catch(() => null);
  if (allowed?.state === 'granted') watchPlace();
}

function endWatch(): void {
  if (watching !== undefined) navigator.geolocation.clearWatch(watching);
  watching = undefined;
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
    return storageWords(error) ?? t('photo.failed');
  }
}

const storageWords = (error: unknown): string | null =>
  error instanceof DOMException && error.name === 'QuotaExceededError' ? t('storage.full') : null;

function RecordButton({ onSaid }: { onSaid: (words: string) => void }) {
  const [recorder, setRecorder] = useState<Recorder | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const running = useRef<Recorder | null>(null);
  const begun = useRef(false); // a second press before the browser has answered is the same press
  const gone = useRef(false);
  useEffect(() => () => {
    gone.current = true;
    running.current?.stop(); // going on to the next step ends it, and keeps it
  }, []);
  const start = async (): Promise<void> => {
    if (begun.current) return;
    begun.current = true;
    await record().finally(() => (begun.current = false));
  };
  const record = async (): Promise<void> => {
    onSaid('');
    if (media.value.length >= MOST) return onSaid(t('photo.many', { n: MOST }));
    const made = new Recorder(draft.value.id);
    await saveDraft(draft.value); // the pieces need a draft to belong to
    try {
      await made.start();
    } catch {
      onSaid(t('sound.denied'));
      return;
    }
    if (gone.current) return made.stop(); // the step was left while the browser asked
    setRecorder(made);
    running.current = made;
    const done = await made.result();
    running.current = null;
    setRecorder(null);
    if (!done) return onSaid(t('sound.empty'));
    try {
      await keepRecording(done);
    } catch (error) {
      return onSaid(storageWords(error) ?? t('sound.empty'));
    }
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
