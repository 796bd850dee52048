/** PURE: digests of a feed. Compared at the feed's head, they prove that the phone has every record, and no other.
 *
 * The bucket of a record is the first byte of SHA-256 of its id; a bucket's value is the XOR of SHA-256("id:version").
 */
import { sha256Words } from "./sha256";
import type { Store } from "./state";

export interface DigestAnswer { scope: string; head: number; view: string | null; count: number; buckets: string[] }

const BUCKETS = 256;

export function digestOf(records: Iterable<{ id: string; version: number }>): { count: number; buckets: string[] } {
  const sums = Array.from({ length: BUCKETS }, () => new Uint32Array(8));
  let count = 0;
  for (const { id, version } of records) {
    const sum = sums[(sha256Words(id)[0] as number) >>> 24] as Uint32Array;
    sha256Words(`${id}:${version}`).forEach((part, at) => { sum[at] = (sum[at] as number) ^ part; });
    count += 1;
  }
  return { count, buckets: sums.map((sum) => Array.from(sum, (part) => part.toString(16).padStart(8, "0")).join("")) };
}

/** The records of one scope as the phone has them: rows of all datasets, ids in lower case. */
export function* recordsOf(store: Pick<Store, "memberships" | "records">, scope: string): Iterable<{ id: string; version: number }> {
  for (const row of store.memberships) {
    if (row.scope !== scope || !row.key.startsWith("entity:")) continue;
    // A membership without a row is a record that is missing, so it must not match.
    yield { id: row.key.slice(row.key.lastIndexOf(":") + 1), version: store.records.get(row.key)?.version ?? -1 };
  }
}

/** How many buckets differ. */
export function differing(own: string[], theirs: string[]): number {
  return own.filter((value, at) => value !== theirs[at]).length;
}
