/** Draws the app's icons from one SVG: a house with an open door. Run once; the PNGs are kept in public. */
import { writeFileSync } from "node:fs";
import { deflateSync } from "node:zlib";

const PINE = [31, 107, 87], PAPER = [246, 247, 245], LAMP = [233, 180, 76];
const inside = (poly, x, y) => poly.reduce((odd, [ax, ay], i) => {
  const [bx, by] = poly[(i + 1) % poly.length];
  return (ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax ? !odd : odd;
}, false);
// One unit is the whole icon.
const ROOF = [[0.5, 0.2], [0.82, 0.48], [0.76, 0.545], [0.5, 0.318], [0.24, 0.545], [0.18, 0.48]];
const WALLS = [[0.5, 0.36], [0.72, 0.553], [0.72, 0.79], [0.28, 0.79], [0.28, 0.553]];
const DOOR = [[0.44, 0.79], [0.44, 0.56], [0.58, 0.52], [0.58, 0.79]];

function colour(x, y, scale, round) {
  const u = (x - 0.5) / scale + 0.5, v = (y - 0.5) / scale + 0.5;
  const cx = Math.max(Math.abs(x - 0.5) - 0.28, 0), cy = Math.max(Math.abs(y - 0.5) - 0.28, 0);
  if (round && Math.hypot(cx, cy) > 0.22) return [0, 0, 0, 0];
  if (inside(DOOR, u, v)) return [...LAMP, 255];
  if (inside(WALLS, u, v) || inside(ROOF, u, v)) return [...PAPER, 255];
  return [...PINE, 255];
}

function pixels(size, scale, round) {
  const rows = Buffer.alloc(size * (size * 4 + 1));
  const n = 4;
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    const sum = [0, 0, 0, 0];
    for (let i = 0; i < n * n; i++) {
      const c = colour((x + ((i % n) + 0.5) / n) / size, (y + (Math.floor(i / n) + 0.5) / n) / size, scale, round);
      for (let k = 0; k < 3; k++) sum[k] += c[k] * c[3];
      sum[3] += c[3];
    }
    const at = y * (size * 4 + 1) + 1 + x * 4;
    for (let k = 0; k < 3; k++) rows[at + k] = sum[3] ? sum[k] / sum[3] : 0;
    rows[at + 3] = sum[3] / (n * n);
  }
  return rows;
}

const table = Array.from({ length: 256 }, (_, n) => { let c = n; for (let k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1; return c >>> 0; });
const crc = (bytes) => { let c = 0xffffffff; for (const b of bytes) c = table[(c ^ b) & 255] ^ (c >>> 8); return (c ^ 0xffffffff) >>> 0; };
function chunk(type, body) {
  const all = Buffer.concat([Buffer.from(type), body]);
  const out = Buffer.alloc(8 + all.length);
  out.writeUInt32BE(body.length, 0); all.copy(out, 4); out.writeUInt32BE(crc(all), 4 + all.length);
  return out;
}
function png(size, scale, round) {
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0); head.writeUInt32BE(size, 4); head.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(pixels(size, scale, round), { level: 9 })), chunk("IEND", Buffer.alloc(0))]);
}

const path = (poly, fill) => `<path fill="${fill}" d="M${poly.map(([x, y]) => `${x * 100} ${y * 100}`).join("L")}Z"/>`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"><rect width="100" height="100" rx="22" fill="#1F6B57"/>${path(ROOF, "#F6F7F5")}${path(WALLS, "#F6F7F5")}${path(DOOR, "#E9B44C")}</svg>\n`;
const out = new URL("../public/", import.meta.url);
writeFileSync(new URL("icon.svg", out), svg);
for (const [name, size, scale, round] of [["icon-192", 192, 1.05, true], ["icon-512", 512, 1.05, true], ["icon-maskable-512", 512, 0.85, false]]) writeFileSync(new URL(`${name}.png`, out), png(size, scale, round));
