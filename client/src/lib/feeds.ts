/** What a pull page means for the store. planPage is pure; storePages writes pages and cursors in one transaction. */
import type { FeedRow, PhoneDatabase, RecordRow } from "./database";
import { answerBases, settleBases } from "./bases";
import { outcomeOfEntry, recordKey } from "./ops";
import type { Session } from "./session";
import type { FeedEntry, KeptEntry, OpEntry } from "./types";
import { seal } from "./vault";

export interface PullPage { status: "ok" | "must_refetch" | "gone"; entries: FeedEntry[]; next: number; more: boolean; head: number; view: string | null }
export interface PullAnswer { epoch: string; feeds: Record<string, PullPage>; acked_seq?: number }

export interface PagePlan {
  feed: FeedRow | null;
  keep: { key: string; entry: KeptEntry }[];
  /** This scope no longer holds the record; the record goes with its last scope. */
  leave: string[];
  /** Erased by law: gone everywhere. */
  erase: string[];
  outcomes: OpEntry[];
  /** Memberships of the scope that do not carry this mark go now. */
  sweep: number | null;
}

export const newFeed = (scope: string): FeedRow => ({ scope, after: 0, head: 0, view: null, state: "granted", epoch: null, mark: 0, sweeping: false });

/** Fetch again from 0; what does not come again goes at the end (the phone stays usable meanwhile). */
export const restart = (feed: FeedRow, epoch: string | null, view: string | null): FeedRow => ({ ...feed, after: 0, epoch, view, mark: feed.mark + 1, sweeping: true });

export function keyOf(entry: KeptEntry): string {
  switch (entry.type) {
    case "entity": return recordKey(entry.dataset, entry.id);
    case "form": return `form:${entry.form_id}:${entry.version}`;
    case "review": return `review:${entry.instance_id}`;
    default: return `${entry.type}:${entry.id}`;
  }
}

const KEPT = new Set(["entity", "form", "assignment", "review", "question", "conflict"]);
const isKept = (entry: FeedEntry): entry is KeptEntry => KEPT.has(entry.type);

export function planPage(feed: FeedRow, page: PullPage, epoch: string): PagePlan {
  const plan: PagePlan = { feed, keep: [], leave: [], erase: [], outcomes: [], sweep: null };
  if (page.status === "gone") return { ...plan, feed: null };
  if (page.status === "must_refetch") return { ...plan, feed: restart(feed, epoch, page.view) };
  for (const entry of page.entries) sortEntry(plan, entry);
  const sweepNow = feed.sweeping && !page.more;
  const next = { ...feed, after: page.next, head: page.head, view: page.view, epoch, sweeping: feed.sweeping && page.more };
  return { ...plan, feed: next, sweep: sweepNow ? feed.mark : null };
}

function sortEntry(plan: PagePlan, entry: FeedEntry): void {
  if (entry.type === "eviction") plan.leave.push(...keysOfRemoved(entry.dataset, entry.id));
  else if (entry.type === "tombstone") plan.erase.push(...keysOfRemoved(entry.dataset, entry.id));
  else if (entry.type === "op") plan.outcomes.push(entry);
  // A kind of a later server: not for this app, and no reason to stop.
  else if (isKept(entry)) plan.keep.push({ key: keyOf(entry), entry });
}

/** Assignments and questions leave by the same entry, with their kind as dataset. */
const keysOfRemoved = (dataset: string, id: string): string[] => [recordKey(dataset, id), `${dataset}:${id}`];

export function rowShape(entry: KeptEntry): Pick<RecordRow, "kind" | "parent" | "version"> {
  if (entry.type === "entity") return { kind: `entity:${entry.dataset}`, parent: (entry.parent ?? "").toLowerCase(), version: entry.version };
  const about = entry.type === "assignment" || entry.type === "conflict" ? entry.entity_id : entry.type === "question" || entry.type === "review" ? entry.instance_id : "";
  return { kind: entry.type, parent: about, version: entry.n };
}

/** Two scopes may carry the same record: the higher version stands, and of equal ones the later fetched. */
export const isNewer = (kept: { version: number } | undefined, came: { version: number }): boolean => !kept || came.version >= kept.version;

/** Stores pages of several scopes with their cursors: all of it or nothing. */
export async function storePages(at: Session, pages: { feed: FeedRow; page: PullPage }[], epoch: string, everythingPulled: boolean): Promise<number> {
  const plans = pages.map(({ feed, page }) => ({ scope: feed.scope, mark: feed.mark, plan: planPage(feed, page, epoch) }));
  const sealed = new Map<string, RecordRow>();
  for (const { plan } of plans) {
    const rows = await Promise.all(plan.keep.map(({ key, entry }) => sealRow(at, key, entry)));
    for (const row of rows) if (isNewer(sealed.get(row.key), row)) sealed.set(row.key, row);
  }
  const { db } = at;
  await db.transaction("rw", [db.feeds, db.records, db.memberships, db.ops, db.bases, db.cache], async () => {
    await putRows(db, [...sealed.values()]);
    for (const { scope, mark, plan } of plans) await storePlan(db, scope, mark, plan);
    await settleBases(db, everythingPulled);
  });
  return plans.reduce((sum, { plan }) => sum + plan.keep.length, 0);
}

const sealRow = async (at: Session, key: string, entry: KeptEntry): Promise<RecordRow> => ({ key, ...rowShape(entry), sealed: await seal(at.key, `records:${key}`, entry) });

async function putRows(db: PhoneDatabase, rows: RecordRow[]): Promise<void> {
  const kept = await db.records.bulkGet(rows.map((row) => row.key));
  await db.records.bulkPut(rows.filter((row, place) => isNewer(kept[place], row)));
}

async function storePlan(db: PhoneDatabase, scope: string, mark: number, plan: PagePlan): Promise<void> {
  if (!plan.feed) {
    await removeScope(db, scope);
    return;
  }
  await db.memberships.bulkPut(plan.keep.map(({ key }) => ({ scope, key, mark })));
  await removeMemberships(db, plan.leave.map((key) => [scope, key] as [string, string]));
  await erase(db, plan.erase);
  for (const entry of plan.outcomes) await settleByFeed(db, entry);
  if (plan.sweep !== null) await sweep(db, scope, plan.sweep);
  await db.feeds.put(plan.feed);
}

async function removeMemberships(db: PhoneDatabase, pairs: [string, string][]): Promise<void> {
  await db.memberships.bulkDelete(pairs);
  for (const [, key] of pairs) {
    if ((await db.memberships.where("key").equals(key).count()) === 0) await db.records.delete(key);
  }
}

async function sweep(db: PhoneDatabase, scope: string, mark: number): Promise<void> {
  const old = await db.memberships.where("scope").equals(scope).and((row) => row.mark !== mark).toArray();
  await removeMemberships(db, old.map((row) => [row.scope, row.key]));
}

/** A scope that was taken away: its memberships go, and with them the records that no other scope holds. */
export async function removeScope(db: PhoneDatabase, scope: string): Promise<number> {
  const rows = await db.memberships.where("scope").equals(scope).toArray();
  await removeMemberships(db, rows.map((row) => [row.scope, row.key]));
  await db.feeds.delete(scope);
  return rows.length;
}

async function erase(db: PhoneDatabase, keys: string[]): Promise<void> {
  for (const key of keys) {
    await db.memberships.where("key").equals(key).delete();
    await db.cache.delete(`history:${key.split(":").pop() ?? ""}`);
  }
  await db.records.bulkDelete(keys);
  await db.bases.bulkDelete(keys);
}

async function settleByFeed(db: PhoneDatabase, entry: OpEntry): Promise<void> {
  const op = await db.ops.where("op_id").equals(entry.op_id).first();
  if (!op) return;
  const outcome = outcomeOfEntry(entry);
  await db.ops.update(op.seq, { state: outcome.state, status: outcome.status, code: outcome.code });
  await answerBases(db, op, outcome);
}
