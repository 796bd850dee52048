/** What arrived.ts and parted.ts share: households that one line tells of by name, until the worker has read it. A row of the sealed cache each. */
import { cacheKey } from "./cache";
import { recordKey } from "./core/ops";
import type { CacheRow } from "./database";
import { session } from "./session";

export type Kind = "arrived" | "parted";
/** `names`: of a few of them, for one line. */
export interface Notice { count: number; names: string[] }

export const NAMED = 3;
/** Who has not read it for so long will not. */
const KEEP_MS = 30 * 86_400_000;
const HOUSEHOLD = recordKey("household", "");

export const isHousehold = (key: string): boolean => key.startsWith(HOUSEHOLD);
/** Of a household's record, and of a notice about it, what stands behind the last colon. */
export const householdOf = (key: string): string => key.slice(key.lastIndexOf(":") + 1);
const rowsOf = (kind: Kind) => session().db.cache.where("key").startsWith(cacheKey(kind, ""));

export async function unread(kind: Kind, now: number): Promise<CacheRow[]> {
  return (await rowsOf(kind).toArray()).filter((row) => now - Date.parse(row.at) < KEEP_MS);
}

/** The worker has read it. */
export const forget = (kind: Kind): Promise<number> => rowsOf(kind).delete();
