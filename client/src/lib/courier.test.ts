// @vitest-environment node
/** A courier file is read back here as docs/COURIER.md says, with the server's private key and the phone's public one. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, openPhone, VILLAGE, XFORM } from "../../tests/phone";
import { fromUtf8, sha256, utf8 } from "./bytes";
import { captureRecord } from "./capture";
import { packWork } from "./core/packing";
import { exportWork, isCourier } from "./courier";
import { openDraft, submitDraft } from "./drafts";
import { listOutbox } from "./outbox";
import { addPhoto } from "./photos";
import type { Session } from "./session";
import { sync } from "./sync";

let at: Session;
let server: FakeServer;
let pair: CryptoKeyPair;

beforeEach(async () => {
  ({ at, server } = await openPhone());
  pair = await crypto.subtle.generateKey({ name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["encrypt", "decrypt"]);
  at.install.server_key = await crypto.subtle.exportKey("jwk", pair.publicKey);
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  await sync();
});
afterEach(() => closePhone(at));

async function visit(photo: Uint8Array<ArrayBuffer> | null = null): Promise<string> {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  if (photo) {
    const bytes = new Blob([photo], { type: "image/jpeg" });
    await addPhoto(draft.id, "a.jpg", "front", bytes, await captureRecord({ bytes, source: "live", visitId: draft.id, householdId: HOUSEHOLD, slot: "front" }, null));
  }
  return submitDraft(draft.id, finished(instanceXml({ head: "王大山", ...(photo ? { photo: "a.jpg" } : {}) })));
}

interface Read { header: Record<string, string>; manifest: { ops: string[]; files: { sha256: string; size: number }[] }; manifestLine: string; signature: string; ops: { text: string; op: Record<string, unknown> }[]; bytes: Uint8Array<ArrayBuffer> }

async function readCourier(blob: Blob): Promise<Read> {
  const all = new Uint8Array(await blob.arrayBuffer());
  const headEnd = all.indexOf(10, all.indexOf(10) + 1) + 1;
  const head = all.slice(0, headEnd);
  const header = JSON.parse(fromUtf8(head).split("\n")[1] ?? "") as Record<string, string>;
  const raw = await crypto.subtle.decrypt({ name: "RSA-OAEP", label: utf8("ruhu-courier-1") }, pair.privateKey, Uint8Array.from(atob(header["wrapped_key"] ?? ""), (letter) => letter.charCodeAt(0)));
  const key = await crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["decrypt"]);
  const plain: Uint8Array[] = [];
  for (let place = headEnd, number = 0; place < all.length; number += 1) {
    const length = new DataView(all.buffer).getUint32(place);
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setUint32(7, number);
    iv[11] = place + 4 + length === all.length ? 1 : 0;
    plain.push(new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: head }, key, all.slice(place + 4, place + 4 + length))));
    place += 4 + length;
  }
  const content = new Uint8Array(await new Blob(plain as BlobPart[]).arrayBuffer());
  const manifestLine = fromUtf8(content.slice(0, content.indexOf(10)));
  const manifest = JSON.parse(manifestLine) as Read["manifest"];
  let from = 0;
  const lines = Array.from({ length: 2 + manifest.ops.length }, () => {
    const end = content.indexOf(10, from);
    const line = fromUtf8(content.slice(from, end));
    from = end + 1;
    return line;
  });
  return { header, manifest, manifestLine, signature: lines[1] ?? "", ops: lines.slice(2).map((text) => ({ text, op: JSON.parse(text) as Record<string, unknown> })), bytes: content.slice(from) };
}

test("holds every unsent op as it will be pushed, and its photos, signed by the phone and sealed to the server", async () => {
  const photo = new Uint8Array(2_500_000).map((_, n) => n % 251);
  await visit();
  await visit(photo);
  const [file] = await exportWork();
  expect(file).toMatchObject({ ops: 2, photos: 1 });
  expect(file?.name).toMatch(/^ruhu-zhangmin-\d{12}\.courier$/);
  expect(await isCourier(file?.blob as Blob)).toBe(true);
  const read = await readCourier(file?.blob as Blob);
  expect(read.header).toMatchObject({ format: "ruhu-courier-1", install_id: at.install.install_id, author: "p1", ops: 2, files: 1 });
  const { e, kty, n } = at.install.server_key as JsonWebKey;
  expect(read.header["server_key"]).toBe(await sha256(JSON.stringify({ e, kty, n })));
  expect(await Promise.all(read.ops.map(({ text }) => sha256(text)))).toEqual(read.manifest.ops);
  expect(read.manifest.files).toEqual([{ sha256: await sha256(photo), size: photo.length }]);
  expect(await sha256(read.bytes)).toBe(await sha256(photo));
  const signature = Uint8Array.from(atob(read.signature), (letter) => letter.charCodeAt(0));
  const vouched = await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, (at.install.device_key as CryptoKeyPair).publicKey, signature, utf8(`ruhu-courier-1\n${read.manifestLine}`));
  expect(vouched).toBe(true);
  await sync({ sendFile: () => Promise.resolve() });
  const pushed = server.requests.filter(({ path }) => path === "/sync/push").flatMap(({ body }) => body["ops"] as Record<string, unknown>[]);
  expect(read.ops.map(({ op }) => op)).toEqual(pushed);
});

test("what was exported stays in the outbox until the server answers this phone", async () => {
  const id = await visit();
  await exportWork();
  expect((await listOutbox()).map((item) => item.state)).toEqual(["saved"]);
  server.before = brokenLine;
  await sync();
  expect((await exportWork())[0]).toMatchObject({ ops: 1 });
  server.before = () => undefined;
  await sync();
  expect((await listOutbox())[0]).toMatchObject({ op_id: id, state: "accepted" });
  expect(await exportWork()).toEqual([]);
});

test("a phone that never met a server with a key says so, and nothing is written in the clear", async () => {
  at.install.server_key = null;
  expect(await exportWork()).toEqual([]);
  await visit();
  await expect(exportWork()).rejects.toMatchObject({ code: "courier.no_key" });
});

test("much work goes into several files, ops first and in order", () => {
  const packs = packWork([1, 2, 3].map((n) => ({ n, size: 40 })), [{ n: 9, size: 70 }, { n: 8, size: 25 }], 100);
  expect(packs.map((pack) => [pack.ops.map((op) => op.n), pack.photos.map((photo) => photo.n)])).toEqual([[[1, 2], []], [[3], []], [[], [9, 8]]]);
});
