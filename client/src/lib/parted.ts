/** Households that left this phone because somebody else has them now: told by name, until the worker has read it.
 *
 * A name is kept sealed and nothing else of the household. No word of what was erased by law or was only on loan.
 */
import { cacheKey, openCached, sealCached } from "./cache";
import { recordKey } from "./core/ops";
import type { Change } from "./core/state";
import type { CacheRow } from "./database";
import { forget, householdOf, isHousehold, NAMED, type Notice, unread } from "./household-notice";
import { session, type Session } from "./session";
import type { EntityEntry } from "./types";
import { open } from "./vault";

/** What is to be told of the records that these changes drop; sealed before the transaction opens. */
export async function sealParted(at: Session, changes: Change[]): Promise<CacheRow[]> {
  const keys = changes.flatMap((change) => (change.do === "drop-record" && !change.erased && isHousehold(change.key) ? [change.key] : []));
  const rows = keys.length > 0 ? (await at.db.records.bulkGet(keys)).flatMap((row) => row ?? []) : [];
  const entries = await Promise.all(rows.map((row) => open<EntityEntry>(at.key, `records:${row.key}`, row.sealed)));
  const told = entries.filter(({ lent, state }) => lent !== true && state !== "archived");
  return Promise.all(told.map(({ id, label }) => sealCached(at, cacheKey("parted", id), label)));
}

/** Those that did not come back meanwhile, as when a village changed its township. */
export async function listParted(now = Date.now()): Promise<Notice> {
  const at = session();
  const rows = await unread("parted", now);
  const back = await at.db.records.bulkGet(rows.map((row) => recordKey("household", householdOf(row.key))));
  const away = rows.filter((_row, place) => !back[place]);
  return { count: away.length, names: await Promise.all(away.slice(0, NAMED).map((row) => openCached<string>(at, row))) };
}

export const forgetParted = (): Promise<number> => forget("parted");
