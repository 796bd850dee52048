/** Prints what a phone downloads (gzip): before sign-in, and everything in the precache. Fails above the budgets. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const read = (url) => readFileSync(new URL(url === "/" ? "index.html" : url.slice(1), dist));
const gzip = (urls) => urls.reduce((sum, url) => sum + gzipSync(read(url)).length, 0);
const kB = (bytes) => `${Math.round(bytes / 1000)} kB`;

const all = JSON.parse(JSON.parse(/JSON\.parse\(("\[.*?\]")\)/.exec(read("/sw.js"))[1]));

/** The page, its scripts and styles, and what they import before anything is clicked. */
function first() {
  const seen = new Set(["/"]);
  const queue = [...read("/").toString().matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map((match) => match[1]);
  while (queue.length) {
    const url = queue.pop();
    if (seen.has(url)) continue;
    seen.add(url);
    if (url.endsWith(".js")) for (const [, name] of read(url).toString().matchAll(/(?:import|from)\s*"\.\/([^"]+)"/g)) queue.push(`/assets/${name}`);
  }
  for (const url of all) if (/SignInPage|PinForms|PinPad|UnlockPage|sign-in|problem/i.test(url)) seen.add(url);
  return [...seen];
}

const start = gzip(first());
const whole = gzip(all);
console.log(`before sign-in ${kB(start)} (budget 350 kB), all of the phone ${kB(whole)} (budget 900 kB), ${all.length} files`);
for (const url of all.map((name) => [gzip([name]), name]).sort((a, b) => b[0] - a[0]).slice(0, 12)) console.log(`  ${kB(url[0]).padStart(8)}  ${url[1]}`);
if (start > 350_000 || whole > 900_000) process.exit(1);
