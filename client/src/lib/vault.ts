/** The seal: one data key per worker and browser profile, wrapped by the PIN and by the server's public key.
 *
 * What it protects: a lost or stolen phone whose owner was not signed in with an unlocked app. What it cannot: a six-digit
 * PIN can be guessed by somebody who copied the whole browser profile and has hours of computing time; and nothing
 * protects an unlocked app. See docs/decisions on the sealed store.
 */
import type { PinCost } from "./argon";
import { fromUtf8, toBase64, utf8 } from "./bytes";
import { keyBytes } from "./pin-key";
import { Problem } from "./problem";

type Bytes = Uint8Array<ArrayBuffer>;

/** 12 bytes of nonce, then AES-GCM ciphertext with its tag. */
export type Sealed = Uint8Array<ArrayBuffer>;

export interface PinWrap extends PinCost { salt: Bytes; sealed: Sealed }

/** OWASP's least for Argon2id with one lane: about 0.05 s on a desk computer and a quarter of a second on a slow phone. Kept beside each wrap, so it can change. */
export const PIN_COST: PinCost = { memory_kib: 19 * 1024, rounds: 2 };

const NONCE = 12;
const KEY_CONTEXT = "data-key";

export const newDataKey = (): Bytes => crypto.getRandomValues(new Uint8Array(32));

/** The key that pages use: it cannot be read back out of memory through the browser's interfaces. */
export const importDataKey = (raw: Bytes): Promise<CryptoKey> => crypto.subtle.importKey("raw", raw, "AES-GCM", false, ["encrypt", "decrypt"]);

/** `context` (table and key of the row) is authenticated: a sealed value moved to another row does not open. */
export async function sealBytes(key: CryptoKey, context: string, plain: Bytes): Promise<Sealed> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
  const cipher = await crypto.subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: utf8(context) }, key, plain);
  const out = new Uint8Array(NONCE + cipher.byteLength);
  out.set(nonce);
  out.set(new Uint8Array(cipher), NONCE);
  return out;
}

export async function openBytes(key: CryptoKey, context: string, sealed: Sealed): Promise<Bytes> {
  const iv = sealed.slice(0, NONCE);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv, additionalData: utf8(context) }, key, sealed.slice(NONCE));
  return new Uint8Array(plain);
}

/** What was sealed has changed since, as on a worn flash memory: nothing opens it any more. */
export const isDamaged = (cause: unknown): boolean => cause instanceof DOMException && cause.name === "OperationError";

export const seal = (key: CryptoKey, context: string, value: unknown): Promise<Sealed> => sealBytes(key, context, utf8(JSON.stringify(value ?? null)));

export async function open<T>(key: CryptoKey, context: string, sealed: Sealed): Promise<T> {
  return JSON.parse(fromUtf8(await openBytes(key, context, sealed))) as T;
}

const keyFromPin = async (pin: string, wrap: Omit<PinWrap, "sealed">): Promise<CryptoKey> => importDataKey(await keyBytes(pin, wrap));

/** Whether the wrap was made at another cost than today's. */
export const isDated = ({ memory_kib, rounds }: PinCost): boolean => memory_kib !== PIN_COST.memory_kib || rounds !== PIN_COST.rounds;

export async function wrapWithPin(raw: Bytes, pin: string, cost = PIN_COST): Promise<PinWrap> {
  const wrap = { salt: crypto.getRandomValues(new Uint8Array(16)), ...cost };
  return { ...wrap, sealed: await sealBytes(await keyFromPin(pin, wrap), KEY_CONTEXT, raw) };
}

/** Fails with pin.wrong; the tag of AES-GCM is the check, no hash of the PIN is kept. */
export async function unwrapWithPin(wrap: PinWrap, pin: string): Promise<Bytes> {
  const key = await keyFromPin(pin, wrap);
  try {
    return await openBytes(key, KEY_CONTEXT, wrap.sealed);
  } catch {
    throw new Problem("pin.wrong");
  }
}

/**
 * Base64 of the RSA-OAEP-256 ciphertext; only the server can give the key back (`POST /auth/recover-key`), and only to
 * a sign-in on this install, whose id is the ciphertext's label.
 */
export async function wrapForServer(raw: Bytes, jwk: JsonWebKey, installId: string): Promise<string> {
  const key = await crypto.subtle.importKey("jwk", { ...jwk, key_ops: ["encrypt"] }, { name: "RSA-OAEP", hash: "SHA-256" }, false, ["encrypt"]);
  return toBase64(new Uint8Array(await crypto.subtle.encrypt({ name: "RSA-OAEP", label: new TextEncoder().encode(installId) }, key, raw)));
}

/** Seconds to wait after so many wrong PINs in a row: four free tries, then 30 s, doubled up to an hour. */
export function waitAfter(wrong: number): number {
  return wrong < 5 ? 0 : Math.min(3600, 30 * 2 ** (wrong - 5));
}
