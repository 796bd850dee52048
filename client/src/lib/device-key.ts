/** The phone's signing key: P-256, cannot be exported, lives in this browser profile. It says "same profile", not "true". */
import { canonicalJson, sha256, toBase64, utf8 } from "./bytes";

const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;

export interface DeviceKey { pair: CryptoKeyPair; id: string }

export async function makeDeviceKey(): Promise<DeviceKey> {
  const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  return { pair, id: await thumbprint(await publicJwk(pair)) };
}

export async function publicJwk(pair: CryptoKeyPair): Promise<JsonWebKey> {
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  return { kty, crv, x, y };
}

/** RFC 7638: SHA-256 of the canonical public key, as hex. */
export const thumbprint = ({ crv, kty, x, y }: JsonWebKey): Promise<string> => sha256(canonicalJson({ crv, kty, x, y }));

/** Base64 of r‖s (64 bytes), over the UTF-8 text. */
export async function sign(pair: CryptoKeyPair, text: string): Promise<string> {
  return toBase64(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, utf8(text))));
}
