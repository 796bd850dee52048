// @vitest-environment node
import { expect, test, vi } from "vitest";
import { fromBase64 } from "./bytes";
import { importDataKey, newDataKey, open, seal, unwrapWithPin, waitAfter, wrapForServer, wrapWithPin } from "./vault";

const CHEAP = { memory_kib: 64, rounds: 1 };

test("a sealed value opens with its key and in its own row only", async () => {
  const key = await importDataKey(newDataKey());
  const sealed = await seal(key, "records:a", { name: "王大山" });
  expect(await open(key, "records:a", sealed)).toEqual({ name: "王大山" });
  await expect(open(key, "records:b", sealed)).rejects.toThrow();
  await expect(open(await importDataKey(newDataKey()), "records:a", sealed)).rejects.toThrow();
});

test("the same value sealed twice looks different", async () => {
  const key = await importDataKey(newDataKey());
  expect(await seal(key, "r", "x")).not.toEqual(await seal(key, "r", "x"));
});

test("nothing of the value is readable in what is stored", async () => {
  const key = await importDataKey(newDataKey());
  const sealed = await seal(key, "r", { id_number: "990101197001010011" });
  expect(new TextDecoder("latin1").decode(sealed)).not.toContain("9901011970");
});

test("the data key cannot be read back", async () => {
  await expect(crypto.subtle.exportKey("raw", await importDataKey(newDataKey()))).rejects.toThrow();
});

test("the right PIN gives the data key back and a wrong one says so", async () => {
  const raw = newDataKey();
  const wrap = await wrapWithPin(raw, "274913", CHEAP);
  expect(await unwrapWithPin(wrap, "274913")).toEqual(raw);
  await expect(unwrapWithPin(wrap, "274914")).rejects.toMatchObject({ code: "pin.wrong" });
});

test("a phone whose worker breaks makes the key in the page", async () => {
  class Broken { onerror?: () => void; postMessage(): void { setTimeout(() => this.onerror?.()); } terminate(): void {} }
  vi.stubGlobal("Worker", Broken);
  const raw = newDataKey();
  const wrap = await wrapWithPin(raw, "274913", CHEAP);
  vi.unstubAllGlobals();
  expect(await unwrapWithPin(wrap, "274913")).toEqual(raw);
});

test("the server's private key opens the copy for recovery", async () => {
  const pair = await crypto.subtle.generateKey({ name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["encrypt", "decrypt"]);
  const raw = newDataKey();
  const wrapped = await wrapForServer(raw, await crypto.subtle.exportKey("jwk", pair.publicKey), "install-1");
  const open = (label: string) =>
    crypto.subtle.decrypt({ name: "RSA-OAEP", label: new TextEncoder().encode(label) }, pair.privateKey, fromBase64(wrapped));
  expect(new Uint8Array(await open("install-1"))).toEqual(raw);
  await expect(open("install-2")).rejects.toThrow();
});

test("wrong PINs wait longer and longer, up to an hour", () => {
  expect([1, 4, 5, 6, 7, 20].map(waitAfter)).toEqual([0, 0, 30, 60, 120, 3600]);
});
