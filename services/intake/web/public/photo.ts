/** A photo on its way into a draft: when and where first, then small enough for a phone's network. */
import { sha256, uuid } from '@web/core/ids';
import { readExif } from './logic/exif';
import type { Media, Place } from './store';

const LONG_SIDE = 1600;
const TIGHT_SIDE = 1200;
const TIGHT_FROM = 3_000_000; // bytes of a draft: all of it must pass within the server's two minutes
const DAY_MS = 86_400_000;
const ASIDE_MS = 30_000;

declare const SHRINK: string;

/** Return a photo as it is stored and sent. One that cannot be decoded here goes unchanged. */
export async function fromPhoto(file: File, draftId: string, position: number, here: Place | null, usedBytes: number): Promise<Media> {
  const original = await file.arrayBuffer();
  const exif = readExif(original);
  const small = await shrink(file, usedBytes > TIGHT_FROM ? TIGHT_SIDE : LONG_SIDE);
  const bytes = small ?? original;
  const fresh = Date.now() - file.lastModified < 120_000;
  const placed = exif.lat !== null ? { lat: exif.lat, lon: exif.lon, accuracy_m: null, source: 'exif' as const } : fresh && here ? here : null;
  const taken = exif.taken_at ?? new Date(file.lastModified).toISOString();
  return {
    id: uuid(),
    draft_id: draftId,
    position,
    name: small ? file.name.replace(/\.\w+$/, '') + '.jpg' : file.name,
    type: small ? 'image/jpeg' : file.type || 'application/octet-stream',
    kind: 'image',
    bytes,
    sha256: await sha256(bytes),
    captured_at: taken,
    lat: placed?.lat ?? null,
    lon: placed?.lon ?? null,
    accuracy_m: placed?.accuracy_m ?? null,
    source: placed?.source ?? 'none',
    duration_ms: null,
    old: Date.now() - Date.parse(taken) > DAY_MS,
  };
}

/** What is said of a file beside its bytes, which have lost their own time and place: an entry of `media[]`. */
export function factsOf({ name, sha256: hash, kind, captured_at, lat, lon, accuracy_m, source, duration_ms }: Media): object {
  return {
    name, sha256: hash ?? undefined, kind, captured_at: captured_at ?? undefined,
    lat: lat ?? undefined, lon: lon ?? undefined, accuracy_m: accuracy_m ?? undefined, source, duration_ms: duration_ms ?? undefined,
  };
}

async function shrink(file: File, side: number): Promise<ArrayBuffer | null> {
  return (await shrinkAside(file, side)) ?? shrinkHere(file, side);
}

/** In a worker, where there are such canvases (Safari from 16.4); null when that did not work. */
function shrinkAside(file: File, side: number): Promise<ArrayBuffer | null> {
  if (typeof Worker === 'undefined' || typeof OffscreenCanvas === 'undefined') return Promise.resolve(null);
  return new Promise((resolve) => {
    const worker = new Worker(SHRINK);
    const done = (bytes: ArrayBuffer | null): void => {
      clearTimeout(timer);
      worker.terminate();
      resolve(bytes?.byteLength ? bytes : null);
    };
    const timer = setTimeout(() => done(null), ASIDE_MS);
    worker.onmessage = (event: MessageEvent<ArrayBuffer | null>) => done(event.data);
    worker.onerror = () => done(null);
    worker.postMessage({ file, side });
  });
}

async function shrinkHere(file: File, side: number): Promise<ArrayBuffer | null> {
  try {
    const picture = await decode(file);
    const scale = Math.min(1, side / Math.max(picture.width, picture.height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext('2d')!.drawImage(picture, 0, 0, canvas.width, canvas.height);
    if ('close' in picture) picture.close();
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', 0.8));
    return blob && blob.size ? await blob.arrayBuffer() : null;
  } catch {
    return null;
  }
}

async function decode(file: File): Promise<ImageBitmap | HTMLImageElement> {
  if (typeof createImageBitmap === 'function') {
    try {
      return await createImageBitmap(file, { imageOrientation: 'from-image' });
    } catch {
      // an older Safari: an <img> turns by itself
    }
  }
  const image = new Image();
  const url = URL.createObjectURL(file);
  try {
    image.src = url;
    await image.decode();
    return image;
  } finally {
    setTimeout(() => URL.revokeObjectURL(url), 10_000);
  }
}
