/** Bytes to text and back, hashes, and the one canonical JSON that hashes and signatures are taken of. */

export const utf8 = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text) as Uint8Array<ArrayBuffer>;
export const fromUtf8 = (bytes: Uint8Array | ArrayBuffer): string => new TextDecoder().decode(bytes);

export function toBase64(bytes: Uint8Array): string {
  let text = "";
  // In slices: String.fromCharCode takes its bytes as arguments, and engines limit how many.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** Reads standard and URL-safe base64, with or without padding. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

export const toHex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** SHA-256 as lower-case hex. */
export async function sha256(bytes: Uint8Array<ArrayBuffer> | ArrayBuffer | string): Promise<string> {
  const input = typeof bytes === "string" ? utf8(bytes) : bytes;
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", input)));
}

/** JSON with sorted keys and no spaces; undefined members are left out. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value ?? null);
  const members = Object.entries(value).filter(([, item]) => item !== undefined).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(",")}}`;
}

/** Bytes of a blob, also where Blob.arrayBuffer is missing. */
export async function bytesOf(source: Blob | Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  if (source instanceof Uint8Array) return new Uint8Array(source) as Uint8Array<ArrayBuffer>;
  return new Uint8Array(await source.arrayBuffer());
}
