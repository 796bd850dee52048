/** Seals the kept photos of one visit: each record names the hash of the one before and is signed by the phone's key.
 *
 * record_i = canonical JSON of the capture record with seq (from 1) and prev_record_hash (null for the first);
 * hash_i = SHA-256 of record_i in hex; signature = base64 of r‖s, ECDSA P-256 with SHA-256, over record_i.
 * Discarded shots are not in the chain: it is built at save, over what was kept.
 */
import { canonicalJson, sha256 } from "./bytes";
import { sign } from "./device-key";
import type { CaptureRecord, SealedCapture } from "./types";

export async function sealChain(records: CaptureRecord[], pair: CryptoKeyPair | null): Promise<SealedCapture[]> {
  const chain: SealedCapture[] = [];
  let previous: string | null = null;
  for (const [place, record] of records.entries()) {
    const linked: CaptureRecord & { seq: number; prev_record_hash: string | null } = { ...record, seq: place + 1, prev_record_hash: previous };
    const text = canonicalJson(linked);
    chain.push({ ...linked, signature: pair ? await sign(pair, text) : null });
    previous = await sha256(text);
  }
  return chain;
}
