/** Households that came to this phone after its first sync, because they were handed to this worker: told by name, until it was read. */
import { cacheKey, sealCached } from "./cache";
import { recordKey } from "./core/ops";
import type { Change, FeedMeta } from "./core/state";
import type { CacheRow, RecordRow } from "./database";
import { forget, householdOf, isHousehold, NAMED, type Notice, unread } from "./household-notice";
import { session, type Session } from "./session";
import type { EntityEntry } from "./types";
import { open } from "./vault";

/** Feeds that held everything when a round began; what comes with the others is the list itself and no news. */
export const fullFeeds = (feeds: readonly FeedMeta[]): FeedMeta[] => feeds.filter(({ epoch, after, head, sweeping }) => epoch !== null && after >= head && !sweeping);

/** What is to be told of the records that these changes bring. `known`: all feeds as the round began. */
export async function sealArrived(at: Session, changes: Change[], known: readonly FeedMeta[]): Promise<CacheRow[]> {
  const full = new Set(fullFeeds(known).map(({ scope }) => scope));
  const begun = new Set(known.map(({ scope }) => scope));
  if (full.size === 0) return [];
  const news = changes.flatMap((change) => (change.do === "record" && isHousehold(change.row.key) && (full.has(change.entry[0]) || !begun.has(change.entry[0])) ? [change.row.key] : []));
  const found = await Promise.all([...new Set(news)].map(async (key) => ((await isHere(at, key)) ? null : sealCached(at, cacheKey("arrived", householdOf(key)), null))));
  return found.filter((row): row is CacheRow => row !== null);
}

/** On this phone already, made here, or gone for a moment only. */
async function isHere({ db }: Session, key: string): Promise<boolean> {
  return Boolean((await db.records.get(key)) ?? (await db.bases.get(key)) ?? (await db.cache.get(cacheKey("parted", householdOf(key)))));
}

export async function listArrived(now = Date.now()): Promise<Notice> {
  const at = session();
  const fresh = await unread("arrived", now);
  const rows = (await at.db.records.bulkGet(fresh.map(({ key }) => recordKey("household", householdOf(key))))).filter((row): row is RecordRow => row !== undefined);
  const entries = await Promise.all(rows.map((row) => open<EntityEntry>(at.key, `records:${row.key}`, row.sealed)));
  const given = entries.filter((entry) => isGiven(entry, at.account.user.id));
  return { count: given.length, names: given.slice(0, NAMED).map(({ label }) => label) };
}

/** A loan says so itself, and what one registered on another phone is no news. */
const isGiven = ({ lent, state, version, updated_by }: EntityEntry, me: string): boolean => lent !== true && state !== "archived" && !(version === 1 && updated_by?.id === me);

export const forgetArrived = (): Promise<number> => forget("arrived");
