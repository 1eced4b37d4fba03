// Our own sign: a pine over a pin, drawn by numbers, as SVG and as PNG in the sizes phones ask for.
import { deflateSync } from 'node:zlib';

const PINE = [26, 92, 65];
const MIST = [245, 248, 246];
const MIMOSA = [255, 209, 102];

// Everything in a square of 100: a ground, three boughs, a trunk, and the sun of the mimosa.
const BOUGHS = [
  [[50, 16], [68, 42], [32, 42]],
  [[50, 30], [74, 60], [26, 60]],
  [[50, 46], [80, 78], [20, 78]],
];
const TRUNK = [[46, 78], [54, 78], [54, 90], [46, 90]];
const SUN = { x: 77, y: 24, r: 8 };

export function appIcons(_out, put) {
  put('icon.svg', Buffer.from(svg()));
  for (const size of [180, 192, 512]) put(`icon-${size}.png`, png(size, size === 180 ? 0 : 18));
  put('icon-maskable-512.png', png(512, 0, 0.78));
}

function svg() {
  const polygon = (points, fill) => `<polygon fill="${fill}" points="${points.map((p) => p.join()).join(' ')}"/>`;
  const rgb = (c) => `#${c.map((v) => v.toString(16).padStart(2, '0')).join('')}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" rx="18" fill="${rgb(PINE)}"/>${[...BOUGHS, TRUNK].map((p) => polygon(p, rgb(MIST))).join('')}<circle cx="${SUN.x}" cy="${SUN.y}" r="${SUN.r}" fill="${rgb(MIMOSA)}"/></svg>`;
}

const side = ([ax, ay], [bx, by], x, y) => (bx - ax) * (y - ay) - (by - ay) * (x - ax);
function inside(points, x, y) {
  const signs = points.map((p, i) => Math.sign(side(p, points[(i + 1) % points.length], x, y)));
  return signs.every((s) => s >= 0) || signs.every((s) => s <= 0);
}

function colourAt(x, y, radius, scale) {
  const edge = (v) => Math.max(radius - v, v - (100 - radius), 0);
  if (radius && Math.hypot(edge(x), edge(y)) > radius) return [0, 0, 0, 0];
  const [u, v] = [50 + (x - 50) / scale, 50 + (y - 50) / scale];
  if (Math.hypot(u - SUN.x, v - SUN.y) <= SUN.r) return [...MIMOSA, 255];
  if ([...BOUGHS, TRUNK].some((p) => inside(p, u, v))) return [...MIST, 255];
  return [...PINE, 255];
}

function png(size, radius, scale = 1) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  const steps = [0.25, 0.75]; // four samples a pixel: smooth edges
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const sum = [0, 0, 0, 0];
      for (const dy of steps) for (const dx of steps) {
        const c = colourAt(((x + dx) / size) * 100, ((y + dy) / size) * 100, radius, scale);
        for (let i = 0; i < 3; i += 1) sum[i] += c[i] * (c[3] / 255);
        sum[3] += c[3];
      }
      const opaque = sum[3] / 255 || 1;
      const at = y * (size * 4 + 1) + 1 + x * 4;
      for (let i = 0; i < 3; i += 1) rows[at + i] = Math.round(sum[i] / opaque);
      rows[at + 3] = Math.round(sum[3] / 4);
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk('IHDR', header), chunk('IDAT', deflateSync(rows, { level: 9 })), chunk('IEND', Buffer.alloc(0))]);
}

const TABLE = Array.from({ length: 256 }, (_, n) => {
  let c = n;
  for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1;
  return c >>> 0;
});

function chunk(name, data) {
  const body = Buffer.concat([Buffer.from(name, 'latin1'), data]);
  const crc = body.reduce((c, byte) => TABLE[(c ^ byte) & 255] ^ (c >>> 8), 0xffffffff) ^ 0xffffffff;
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc >>> 0);
  return Buffer.concat([length, body, sum]);
}
