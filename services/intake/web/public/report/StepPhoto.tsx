/** ① Photos and sound, from the camera, the microphone or a file. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '@web/core/i18n';
import { Button, Icon, Note, announce } from '@web/ui/kit';
import { loadGround } from '../catalogue';
import { fromPhoto } from '../photo';
import { LONGEST_S, Recorder, canRecord } from '../sound';
import { hasRoom, mediaOf } from '../store';
import { draft, keepMedia, media, saveNow, store } from './draft';
import { useWatch, whereNow } from './here';
import { isPreparing, prepare } from './preparing';
import { Thumbs, clock } from './Thumbs';
import { keepRecording, nextPosition, soundOf } from './recording';

const MOST = 8;

export function StepPhoto() {
  const camera = useRef<HTMLInputElement>(null);
  const album = useRef<HTMLInputElement>(null);
  const [said, setSaid] = useState('');
  const watch = useWatch();
  const busy = isPreparing(draft.value.id);
  const take = async (input: HTMLInputElement): Promise<void> => {
    const files = [...(input.files ?? [])];
    const { id } = draft.value; // theirs, whatever is on the screen when they are ready
    input.value = '';
    setSaid('');
    await prepare(id, () => addFiles(files, id, setSaid));
    watch();
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
        <Button kind="quiet" icon="photo-plus" busy={busy} onClick={() => void open(album.current)}>{t('photo.choose')}</Button>
      </div>
      <input ref={camera} type="file" accept="image/*" capture="environment" hidden data-testid="camera" onChange={(event) => void take(event.currentTarget)} />
      <input ref={album} type="file" accept="image/*,audio/*" multiple hidden data-testid="album" onChange={(event) => void take(event.currentTarget)} />
      {said && <Note kind="bad" icon="alert-triangle" role="alert">{said}</Note>}
      <Thumbs />
    </div>
  );
}

async function addFiles(files: readonly File[], draftId: string, say: (words: string) => void): Promise<void> {
  const wrong = new Set<string>(); // one that fits does not wipe what was said of another
  for (const file of files) {
    const words = await addFile(file, draftId);
    if (draftId !== draft.value.id) continue; // another report is on the screen now
    if (words) wrong.add(words);
    else announce(t('photo.added', { n: media.value.length }));
    say([...wrong].join(' '));
  }
}

/** Add a file to a draft; returns in words why that did not work. */
async function addFile(file: File, draftId: string): Promise<string | null> {
  try {
    const held = await mediaOf(draftId);
    if (held.length >= MOST) return t('photo.many', { n: MOST });
    if (!(await hasRoom(Math.min(file.size, 1_000_000)))) return t('storage.full');
    const position = nextPosition(held);
    const made = file.type.startsWith('audio/')
      ? await soundOf(await file.arrayBuffer(), file.type, { draft_id: draftId, name: file.name, position })
      : await fromPhoto(file, draftId, position, whereNow(), held.reduce((sum, each) => sum + each.bytes.byteLength, 0));
    return (await keepMedia(made)) ? null : t('frozen.elsewhere');
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
    const { id } = draft.value;
    const made = new Recorder(id);
    try {
      await made.start();
    } catch {
      onSaid(t('sound.denied'));
      return;
    }
    if (gone.current) return made.stop(); // the step was left while the browser asked
    await store().catch(() => undefined); // the pieces need a draft to belong to
    setRecorder(made);
    running.current = made;
    const done = await made.result();
    running.current = null;
    setRecorder(null);
    if (!done) return onSaid(t('sound.empty'));
    try {
      await prepare(id, () => keepRecording(done, id));
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
  if (chosen) await prepare(draft.value.id, () => addFiles([chosen], draft.value.id, onSaid));
}
