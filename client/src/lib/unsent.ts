/** What exists on this phone only, and would be lost by signing out now. */
import { cacheKey, openCached } from "./cache";
import type { PhoneDatabase } from "./database";
import { readPhoto } from "./photo-rows";
import { session, type Session } from "./session";
import { wholeRows } from "./whole-rows";

/** `ops`: also what the server never took, which a person must look at. `drafts`: also answers and steps that were begun. */
export interface Unsent { ops: number; photos: number; drafts: number }

/** Of what the phone lost nothing can be kept by staying. */
export async function unsentWork(): Promise<Unsent> {
  const at = session();
  const { db } = at;
  const ops = await wholeRows(db.ops, await db.ops.where("state").anyOf("queued", "held", "stuck").primaryKeys());
  const drafts = await wholeRows(db.drafts, await db.drafts.toCollection().primaryKeys());
  return { ops: ops.filter(({ state, status }) => state !== "stuck" || status === "").length, photos: await photosHere(db), drafts: drafts.length + (await begun(at)) };
}

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
