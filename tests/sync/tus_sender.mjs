// Sends files with tus-js-client, as a page would: node tus_sender.mjs ENDPOINT TOKEN MEMORY FILE…
// MEMORY is a JSON file of upload addresses by file: an interrupted run goes on from there. It retries for a minute.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../client/package.json", import.meta.url));
const { Upload } = require("tus-js-client");
const [endpoint, token, memory, ...files] = process.argv.slice(2);
const known = existsSync(memory) ? JSON.parse(readFileSync(memory, "utf8")) : {};
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function send(path) {
  const content = readFileSync(path);
  return new Promise((resolve, reject) => {
    const upload = new Upload(content, {
      endpoint, uploadUrl: known[path] ?? null, chunkSize: 64 * 1024, retryDelays: null,
      headers: { Authorization: `Bearer ${token}` },
      metadata: { filename: path, filetype: "image/jpeg", sha256: createHash("sha256").update(content).digest("hex") },
      onUploadUrlAvailable: () => { known[path] = upload.url; writeFileSync(memory, JSON.stringify(known)); },
      onSuccess: resolve,
      onError: reject,
    });
    upload.start();
  });
}

const end = Date.now() + 60_000;
for (const path of files) {
  for (;;) {
    try {
      await send(path);
      break;
    } catch (cause) {
      const status = cause.originalResponse?.getStatus() ?? 0;
      if (Date.now() > end || [400, 403, 413, 460].includes(status)) throw cause;
      if (status === 404 || status === 410) delete known[path];
      await pause(200);
    }
  }
  console.log(path);
}
