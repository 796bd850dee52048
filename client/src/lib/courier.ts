/** Unsent work in a sealed file that anybody may carry to the server; format and rules: docs/COURIER.md.
 *
 * Nothing leaves the outbox by being written to a file: only an answer to this phone itself lets it go.
 */
import { postJson } from "./api";
import { fromUtf8, sha256, toBase64, utf8 } from "./bytes";
import { packWork, type Pack } from "./core/packing";
import type { OpRow } from "./database";
import { sign } from "./device-key";
import { wireOp } from "./outbox";
import { openPhoto } from "./photos";
import { Problem } from "./problem";
import { session, type Session } from "./session";
import { opsHere, photosHere, type PhotoFact } from "./unsent";

type Bytes = Uint8Array<ArrayBuffer>;

export const MEDIA_TYPE = "application/vnd.ruhu.courier";
const FORMAT = "ruhu-courier-1";
const FRAME = 1_048_576;

export interface CourierFile { name: string; blob: Blob; ops: number; photos: number }

/** The files that hold everything unsent; none when there is nothing. Fails with courier.no_key before the first sign-in to a server with one. */
export async function exportWork(): Promise<CourierFile[]> {
  const at = session();
  const packs = await unsentPacks(at);
  if (packs.length > 0 && !at.install.server_key) throw new Problem("courier.no_key");
  const created = new Date().toISOString();
  const files: CourierFile[] = [];
  for (const [place, pack] of packs.entries()) {
    const number = packs.length > 1 ? `-${place + 1}` : "";
    const name = `ruhu-${at.install.username}-${created.slice(0, 16).replace(/[-:T]/g, "")}${number}.courier`;
    files.push({ name, blob: await writeFile(at, pack, created), ops: pack.ops.length, photos: pack.photos.length });
  }
  return files;
}

/** Ops without an answer, and those that no envelope could carry; photos of every visit that the server has not confirmed. */
async function unsentPacks(at: Session): Promise<Pack<OpRow, PhotoFact>[]> {
  const once = new Map((await photosHere(at)).map((photo) => [photo.sha256, photo]));
  return packWork(await opsHere(at, "queued", "stuck"), [...once.values()]);
}

async function writeFile(at: Session, { ops, photos }: Pack<OpRow, PhotoFact>, created: string): Promise<Blob> {
  const whose = { install_id: at.install.install_id, author: at.account.user.id, created_at: created };
  const lines = await Promise.all(ops.map(async (op) => JSON.stringify(await wireOp(at, op))));
  const manifest = JSON.stringify({
    format: FORMAT, ...whose, app_build: __APP_BUILD__, ops: await Promise.all(lines.map((line) => sha256(line))), files: photos.map(({ sha256: hash, size }) => ({ sha256: hash, size })),
  });
  const signature = at.install.device_key ? await sign(at.install.device_key, `${FORMAT}\n${manifest}`) : "";
  const seal = await sealFor(at.install.server_key as JsonWebKey, { format: FORMAT, ...whose }, { ops: ops.length, files: photos.length });
  return frames(seal, contentOf(at, [manifest, signature, ...lines], photos));
}

async function* contentOf(at: Session, lines: string[], photos: PhotoFact[]): AsyncIterable<Bytes> {
  yield utf8(`${lines.join("\n")}\n`);
  for (const { id } of photos) {
    const row = await at.db.photos.get(id);
    const blob = row ? await openPhoto(at, row) : undefined;
    if (!blob) throw new Problem("photo.cleared", { detail: id });
    yield new Uint8Array(await blob.arrayBuffer());
  }
}

interface FileSeal { head: Bytes; key: CryptoKey }

/** The two lines in the clear, and the content key, which only the server can unwrap. */
async function sealFor(jwk: JsonWebKey, header: object, counts: object): Promise<FileSeal> {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const server = await crypto.subtle.importKey("jwk", { ...jwk, key_ops: ["encrypt"] }, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["encrypt"]);
  const wrapped = await crypto.subtle.encrypt({ name: "RSA-OAEP", label: utf8(FORMAT) }, server, raw);
  const server_key = await sha256(JSON.stringify({ e: jwk.e, kty: jwk.kty, n: jwk.n }));
  const line = JSON.stringify({ ...header, server_key, wrapped_key: toBase64(new Uint8Array(wrapped)), ...counts });
  return { head: utf8(`RUHU-COURIER/1\n${line}\n`), key: await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt"]) };
}

/** Cuts the content into frames; the last one says so, and may be empty. */
async function frames({ head, key }: FileSeal, content: AsyncIterable<Bytes>): Promise<Blob> {
  const parts: BlobPart[] = [head];
  let number = 0;
  const add = async (plain: Bytes, isLast: boolean): Promise<void> => {
    const cipher = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce(number, isLast), additionalData: head }, key, plain);
    const length = new DataView(new ArrayBuffer(4));
    length.setUint32(0, cipher.byteLength);
    parts.push(length.buffer, cipher);
    number += 1;
  };
  let rest: Bytes = new Uint8Array(0);
  for await (const piece of content) {
    rest = joined(rest, piece);
    while (rest.length > FRAME) {
      await add(rest.slice(0, FRAME), false);
      rest = rest.slice(FRAME);
    }
  }
  await add(rest, true);
  return new Blob(parts, { type: MEDIA_TYPE });
}

function joined(a: Bytes, b: Bytes): Bytes {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function nonce(number: number, isLast: boolean): Bytes {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint32(7, number);
  view.setUint8(11, isLast ? 1 : 0);
  return new Uint8Array(view.buffer);
}

export interface Carried {
  id: string; complete: boolean; verified: boolean; problem?: unknown;
  ops: { received: number; duplicate: number; [status: string]: number }; files: { received: number; kept: number };
}

/** Hands somebody's file to the server. The carrier learns counts only. */
export async function carryIn(file: Blob): Promise<Carried> {
  return postJson<Carried>("/sync/courier", file, { token: session().account.token, headers: { "Content-Type": MEDIA_TYPE } });
}

/** Tells a courier file by its first line, so that a photo picked by mistake is not sent. */
export async function isCourier(file: Blob): Promise<boolean> {
  return fromUtf8(await file.slice(0, 15).arrayBuffer()) === "RUHU-COURIER/1\n";
}
