/** What exists on this phone only, and would be lost by signing out now. */
import { cacheKey, openCached } from "./cache";
import type { OpRow } from "./database";
import { readPhoto } from "./photo-rows";
import { openPhoto } from "./photos";
import { session, type Session } from "./session";
import { wholeRows } from "./whole-rows";

/** `ops`: also what the server never took, which a person must look at. `drafts`: also answers and steps that were begun. */
export interface Unsent { ops: number; photos: number; drafts: number }

/** Of what the phone lost nothing can be kept by staying. */
export async function unsentWork(): Promise<Unsent> {
  const at = session();
  const drafts = await wholeRows(at.db.drafts, await at.db.drafts.toCollection().primaryKeys());
  return { ops: (await opsHere(at, "queued", "held", "stuck")).length, photos: (await photosHere(at)).length, drafts: drafts.length + (await begun(at)) };
}

/** Ops in these states, in their order; of what a person must look at only what the server never took. */
export async function opsHere({ db }: Session, ...states: OpRow["state"][]): Promise<OpRow[]> {
  const keys = await db.ops.where("state").anyOf(states).primaryKeys();
  const rows = await wholeRows(db.ops, keys.sort((a, b) => a - b));
  return rows.filter(({ state, status }) => state !== "stuck" || status === "");
}

export interface PhotoFact { id: string; sha256: string; size: number }

/** Photos that the server has not confirmed and that can still be opened. One at a time: rows carry the sealed picture. */
export async function photosHere(at: Session): Promise<PhotoFact[]> {
  const found: PhotoFact[] = [];
  for (const key of await at.db.photos.where("state").equals("pending").primaryKeys()) {
    const row = await readPhoto(at.db, key);
    if (row && (await openPhoto(at, row))) found.push({ id: row.id, sha256: row.sha256, size: row.size });
  }
  return found;
}

/** By owner: photos that were taken for it, or words that were typed. */
const BEGUN = [["question:", cacheKey("answer", "")], ["finding:", cacheKey("finding-text", "")]] as const;

async function begun(at: Session): Promise<number> {
  const found = new Set<string>();
  for (const [owner, words] of BEGUN) {
    await at.db.photos.where("owner").startsWith(owner).eachKey((key) => { found.add(String(key)); });
    for (const row of await at.db.cache.where("key").startsWith(words).toArray()) {
      if ((await openCached<string>(at, row)).trim() !== "") found.add(owner + row.key.slice(words.length));
    }
  }
  return found.size;
}
