/** Reads when and where a JPEG was taken (EXIF in APP1); nothing else of it. */

export interface Exif {
  taken_at: string | null; // local time as the camera wrote it, with its offset when it has one
  lat: number | null;
  lon: number | null;
  orientation: number;
}

const NOTHING: Exif = { taken_at: null, lat: null, lon: null, orientation: 1 };

/** Return what a picture says of itself; one that says nothing, or is damaged, gives nulls. */
export function readExif(bytes: ArrayBuffer): Exif {
  try {
    const view = new DataView(bytes);
    const at = tiffStart(view);
    return at === null ? NOTHING : readTiff(view, at);
  } catch {
    return NOTHING; // a length that points outside: RangeError
  }
}

function tiffStart(view: DataView): number | null {
  if (view.byteLength < 4 || view.getUint16(0) !== 0xffd8) return null;
  let at = 2;
  while (at + 4 <= view.byteLength) {
    const marker = view.getUint16(at);
    if ((marker & 0xff00) !== 0xff00 || marker === 0xffda) return null;
    if (marker === 0xffe1 && view.getUint32(at + 4) === 0x45786966) return at + 10; // "Exif\0\0"
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

interface Field {
  type: number;
  count: number;
  at: number; // of the value
}

function readTiff(view: DataView, start: number): Exif {
  const little = view.getUint16(start) === 0x4949;
  const u16 = (at: number): number => view.getUint16(at, little);
  const u32 = (at: number): number => view.getUint32(at, little);
  const size: Record<number, number> = { 1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8 };
  const directory = (offset: number): Map<number, Field> => {
    const found = new Map<number, Field>();
    const entries = u16(start + offset);
    for (let n = 0; n < entries && n < 200; n += 1) {
      const at = start + offset + 2 + n * 12;
      const [type, count] = [u16(at + 2), u32(at + 4)];
      const long = (size[type] ?? 1) * count > 4;
      found.set(u16(at), { type, count, at: long ? start + u32(at + 8) : at + 8 });
    }
    return found;
  };
  const text = (field?: Field): string => {
    if (!field || field.type !== 2) return '';
    let out = '';
    for (let n = 0; n < Math.min(field.count, 64); n += 1) out += String.fromCharCode(view.getUint8(field.at + n));
    return out.replace(/\0.*$/, '').trim();
  };
  const rational = (at: number): number => u32(at) / (u32(at + 4) || 1);
  const degrees = (field?: Field): number | null =>
    field && field.type === 5 && field.count === 3 ? rational(field.at) + rational(field.at + 8) / 60 + rational(field.at + 16) / 3600 : null;

  const main = directory(u32(start + 4));
  const pointer = (tag: number): Map<number, Field> => (main.has(tag) ? directory(u32(main.get(tag)!.at)) : new Map());
  const exif = pointer(0x8769);
  const gps = pointer(0x8825);
  const lat = degrees(gps.get(2));
  const lon = degrees(gps.get(4));
  const placed = lat !== null && lon !== null && Math.abs(lat) <= 90 && Math.abs(lon) <= 180 && (lat !== 0 || lon !== 0);
  const turned = main.get(0x0112);
  return {
    taken_at: moment(text(exif.get(0x9003)) || text(main.get(0x0132)), text(exif.get(0x9011))),
    lat: placed ? lat * (text(gps.get(1)) === 'S' ? -1 : 1) : null,
    lon: placed ? lon * (text(gps.get(3)) === 'W' ? -1 : 1) : null,
    orientation: turned ? u16(turned.at) : 1,
  };
}

function moment(written: string, offset: string): string | null {
  const m = /^(\d{4}):(\d\d):(\d\d) (\d\d:\d\d:\d\d)$/.exec(written);
  if (!m || m[1] === '0000') return null;
  // a camera without an offset was in the city when it saw the scene
  return `${m[1]}-${m[2]}-${m[3]}T${m[4]}${/^[+-]\d\d:\d\d$/.test(offset) ? offset : '+07:00'}`;
}
