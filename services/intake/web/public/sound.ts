/** Recording in the browser: at most two minutes, in whatever form this browser can write. */
import { signal } from '@preact/signals';

export const LONGEST_S = 120;
const FORMS = ['audio/mp4;codecs=mp4a.40.2', 'audio/webm;codecs=opus', 'audio/ogg;codecs=opus'];

export interface Recorded {
  bytes: ArrayBuffer;
  type: string;
  duration_ms: number; // by our clock: fragmented files carry none
  began_at: string;
}

export const canRecord = (): boolean => typeof MediaRecorder !== 'undefined' && Boolean(navigator.mediaDevices?.getUserMedia);

export class Recorder {
  readonly seconds = signal(0);
  readonly level = signal(0); // 0 to 1
  private chunks: Blob[] = [];
  private recorder!: MediaRecorder;
  private began = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private readonly done: Promise<Recorded | null>;
  private finish!: (recorded: Recorded | null) => void;

  constructor() {
    this.done = new Promise((resolve) => (this.finish = resolve));
  }

  /** Begin; throws when the person or the browser refuses. */
  async start(): Promise<void> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const form = FORMS.find((each) => MediaRecorder.isTypeSupported(each));
    this.recorder = new MediaRecorder(stream, { ...(form ? { mimeType: form } : {}), audioBitsPerSecond: 32_000 });
    const stopMeter = this.meter(stream);
    this.recorder.ondataavailable = (event) => event.data.size && this.chunks.push(event.data);
    this.recorder.onstop = () => {
      clearInterval(this.timer);
      stopMeter();
      stream.getTracks().forEach((each) => each.stop());
      void this.collect();
    };
    for (const track of stream.getTracks()) track.onended = () => this.stop();
    document.addEventListener('visibilitychange', this.hidden);
    this.began = Date.now();
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

  private async collect(): Promise<void> {
    document.removeEventListener('visibilitychange', this.hidden);
    const type = (this.chunks[0]?.type || this.recorder.mimeType || 'audio/webm').split(';')[0]!;
    const bytes = await new Blob(this.chunks, { type }).arrayBuffer();
    this.finish(bytes.byteLength ? { bytes, type, duration_ms: Date.now() - this.began, began_at: new Date(this.began).toISOString() } : null);
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
