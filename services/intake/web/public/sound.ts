/** Recording in the browser: at most two minutes, in whatever form this browser can write.
 Every second is stored as it comes, so a tab that is closed meanwhile loses one at most. */
import { signal } from '@preact/signals';
import { uuid } from '@web/core/ids';
import { type Piece, keepPiece } from './store';

export const LONGEST_S = 120;
const FORMS = ['audio/mp4;codecs=mp4a.40.2', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];

export interface Recorded {
  id: string;
  bytes: ArrayBuffer;
  type: string;
  duration_ms: number; // by our clock: fragmented files carry none
  began_at: string;
}

export const canRecord = (): boolean => typeof MediaRecorder !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia);

const typeOf = (written: string): string => (written || 'audio/webm').split(';')[0]!;
const lockOf = (recording: string): string => `record:${recording}`;

/** Put the pieces of a recording together whose tab is gone; null while another tab records it. */
export async function rescue(pieces: readonly Piece[]): Promise<Recorded | null> {
  const [first] = pieces;
  const last = pieces[pieces.length - 1];
  if (!first || !last) return null;
  const held = (await navigator.locks?.query())?.held ?? [];
  if (held.some((each) => each.name === lockOf(first.recording))) return null;
  const bytes = await new Blob(pieces.map((each) => each.bytes), { type: first.type }).arrayBuffer();
  return { id: first.recording, bytes, type: first.type, duration_ms: last.until - first.began_at, began_at: new Date(first.began_at).toISOString() };
}

export class Recorder {
  readonly seconds = signal(0);
  readonly level = signal(0); // 0 to 1
  readonly id = uuid();
  private chunks: Blob[] = [];
  private recorder!: MediaRecorder;
  private began = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private stored: Promise<unknown> = Promise.resolve();
  private nth = 0;
  private release: () => void = () => undefined;
  private readonly done: Promise<Recorded | null>;
  private finish!: (recorded: Recorded | null) => void;

  constructor(private readonly draftId: string) {
    this.done = new Promise((resolve) => (this.finish = resolve));
  }

  /** Begin; throws when the person or the browser refuses. */
  async start(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const form = FORMS.find((each) => MediaRecorder.isTypeSupported(each));
    this.recorder = new MediaRecorder(stream, { ...(form ? { mimeType: form } : {}), audioBitsPerSecond: 32_000 });
    const stopMeter = this.meter(stream);
    this.recorder.ondataavailable = (event) => event.data.size && this.take(event.data);
    this.recorder.onstop = () => {
      clearInterval(this.timer);
      stopMeter();
      stream.getTracks().forEach((each) => each.stop());
      void this.collect();
    };
    for (const track of stream.getTracks()) track.onended = () => this.stop();
    document.addEventListener('visibilitychange', this.hidden);
    this.began = Date.now();
    this.hold();
    this.recorder.start(1000);
    this.timer = setInterval(() => {
      this.seconds.value = Math.floor((Date.now() - this.began) / 1000);
      if (this.seconds.value >= LONGEST_S) this.stop();
    }, 250);
  }

  /** End it; what is there is kept. */
  stop(): void {
    if (this.recorder?.state === 'recording') this.recorder.stop();
  }

  /** What was recorded; null when nothing was. */
  result(): Promise<Recorded | null> {
    return this.done;
  }

  private readonly hidden = (): void => {
    if (document.visibilityState === 'hidden') this.stop();
  };

  /** Other tabs see by this lock that the recording is not an abandoned one. */
  private hold(): void {
    void navigator.locks?.request(lockOf(this.id), () => new Promise<void>((resolve) => (this.release = resolve)));
  }

  private take(chunk: Blob): void {
    this.chunks.push(chunk);
    const piece: Omit<Piece, 'bytes'> = {
      recording: this.id, draft_id: this.draftId, nth: (this.nth += 1), type: typeOf(chunk.type || this.recorder.mimeType), began_at: this.began, until: Date.now(),
    };
    // a full device loses the safety, not the recording: that one is still in memory
    this.stored = this.stored.then(async () => keepPiece({ ...piece, bytes: await chunk.arrayBuffer() })).catch(() => undefined);
  }

  private async collect(): Promise<void> {
    document.removeEventListener('visibilitychange', this.hidden);
    const type = typeOf(this.chunks[0]?.type || this.recorder.mimeType);
    await this.stored;
    this.release();
    const bytes = await new Blob(this.chunks, { type }).arrayBuffer();
    this.finish(bytes.byteLength ? { id: this.id, bytes, type, duration_ms: Date.now() - this.began, began_at: new Date(this.began).toISOString() } : null);
  }

  private meter(stream: MediaStream): () => void {
    if (typeof AudioContext === 'undefined') return () => undefined;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 256;
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Uint8Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getByteTimeDomainData(samples);
      this.level.value = Math.min(1, Math.max(...samples.map((each) => Math.abs(each - 128))) / 90);
    }, 120);
    return () => {
      clearInterval(timer);
      void context.close();
    };
  }
}
