/** What others changed in a household since this worker last looked at it. Kept sealed; only the version lies open beside it. */
import { cacheKey, openCached, sealCached } from "./cache";
import { cellText } from "./csv";
import { inTurn } from "./turns";
import { session } from "./session";
import type { RecordView } from "./records";
import type { Values } from "./types";

interface Look { data: Values; members: Record<string, { label: string; version: number }> }

/** `changes`: properties with what stood there then; `members`: who came, went or was changed; `at`: when it was looked at. */
export interface SinceLook { at: string; changes: { property: string; from: unknown; to: unknown }[]; members: { label: string; how: "new" | "gone" | "changed" }[] }

const keyFor = (id: string): string => cacheKey("looked", id);

/** PURE: as the server has them now against as they were; own unsent work is no news. */
export function sinceLook(before: Look, at: string, household: RecordView, members: readonly RecordView[]): SinceLook {
  const now = household.entry?.data ?? {};
  const changes = [...new Set([...Object.keys(before.data), ...Object.keys(now)])].filter((name) => cellText(before.data[name]) !== cellText(now[name]))
    .map((property) => ({ property, from: before.data[property], to: now[property] }));
  const there = members.filter(({ entry }) => entry !== null);
  const came = there.filter(({ id }) => !(id in before.members)).map(({ label }) => ({ label, how: "new" as const }));
  const changed = there.filter(({ id, entry }) => id in before.members && before.members[id]!.version < (entry?.version ?? 0)).map(({ label }) => ({ label, how: "changed" as const }));
  const gone = Object.entries(before.members).filter(([id]) => !there.some((one) => one.id === id)).map(([, { label }]) => ({ label, how: "gone" as const }));
  return { at, changes, members: [...came, ...changed, ...gone] };
}

const lookAt = (household: RecordView, members: readonly RecordView[]): Look => ({
  data: household.entry?.data ?? {},
  members: Object.fromEntries(members.filter(({ entry }) => entry).map(({ id, label, entry }) => [id, { label, version: entry?.version ?? 0 }])),
});

/** Notes that the household is looked at now; what changed since the time before, null where that is unknown or nothing did. */
export async function look(household: RecordView, members: readonly RecordView[]): Promise<SinceLook | null> {
  const at = session();
  const { entry } = household;
  if (!entry) return null;
  return inTurn(`looked:${household.id}`, async () => {
    const row = await at.db.cache.get(keyFor(household.id));
    const since = row ? sinceLook(await openCached<Look>(at, row), row.at, household, members) : null;
    const isNew = since !== null && since.changes.length + since.members.length > 0;
    if (!row || isNew || (row.version ?? 0) < entry.version) await at.db.cache.put({ ...(await sealCached(at, keyFor(household.id), lookAt(household, members))), version: entry.version });
    // One's own work, come back from the server, is no news.
    return isNew && entry.updated_by?.id !== at.account.user.id ? since : null;
  });
}

/** By household the version that was looked at; nothing is unsealed for it. */
export async function lookedVersions(): Promise<Map<string, number>> {
  const rows = await session().db.cache.where("key").startsWith(keyFor("")).toArray();
  return new Map(rows.map((row) => [row.key.slice(keyFor("").length), row.version ?? 0]));
}
