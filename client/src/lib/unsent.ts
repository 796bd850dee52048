/** What exists on this phone only, and would be lost by signing out now. */
import { cacheKey, openCached } from "./cache";
import type { PhoneDatabase } from "./database";
import { readPhoto } from "./photo-rows";
import { session, type Session } from "./session";

/** `ops`: also what the server never took, which a person must look at. `drafts`: also answers and steps that were begun. */
export interface Unsent { ops: number; photos: number; drafts: number }

export async function unsentWork(): Promise<Unsent> {
  const at = session();
  const { db } = at;
  const waiting = await db.ops.where("state").anyOf("queued", "held").count();
  const neverTaken = await db.ops.where("state").equals("stuck").and(({ status }) => status === "").count();
  return { ops: waiting + neverTaken, photos: await photosHere(db), drafts: (await db.drafts.count()) + (await begun(at)) };
}

/** Of what is lost on this phone nothing can be kept by staying. */
async function photosHere(db: PhoneDatabase): Promise<number> {
  let count = 0;
  for (const id of await db.photos.where("state").equals("pending").primaryKeys()) if ((await readPhoto(db, id))?.bytes) count += 1;
  return count;
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
