/** PURE: what an answer to a pull means for the store. Rows, memberships, outcomes and cursors change together. */
import type { FeedEntry, KeptEntry, OpEntry } from "../types";
import { baseAfter, isOpen, isReleased, outcomeOfEntry, recordKey } from "./ops";
import type { BaseMeta, Change, FeedMeta, OpMeta, RecordMeta, Store } from "./state";

export interface PullPage { status: "ok" | "must_refetch" | "gone"; entries: FeedEntry[]; next: number; more: boolean; head: number; view: string | null }
export interface PullAnswer { epoch: string; feeds: Record<string, PullPage>; acked_seq?: number }

export const newFeed = (scope: string): FeedMeta => ({ scope, after: 0, head: 0, view: null, state: "granted", epoch: null, mark: 0, sweeping: false });

/** Fetch again from 0; what does not come again goes at the end (the phone stays usable meanwhile). */
export const restart = (feed: FeedMeta, epoch: string | null, view: string | null): FeedMeta => ({ ...feed, after: 0, epoch, view, mark: feed.mark + 1, sweeping: true, unread: 0 });

export function keyOf(entry: KeptEntry): string {
  switch (entry.type) {
    case "entity": return recordKey(entry.dataset, entry.id);
    case "form": return `form:${entry.form_id}:${entry.version}`;
    case "review": return `review:${entry.instance_id}`;
    default: return `${entry.type}:${entry.id}`;
  }
}

export function rowShape(entry: KeptEntry): Omit<RecordMeta, "key"> {
  if (entry.type === "entity") return { kind: `entity:${entry.dataset}`, parent: (entry.parent ?? "").toLowerCase(), version: entry.version };
  const about = entry.type === "assignment" || entry.type === "conflict" ? entry.entity_id : entry.type === "question" || entry.type === "review" ? entry.instance_id : entry.type === "finding" ? (entry.household?.id ?? "") : "";
  return { kind: entry.type, parent: about, version: entry.n };
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== "";
const NAMES: Record<string, string[]> = {
  entity: ["dataset", "id"], form: ["form_id", "version"], assignment: ["id"], review: ["instance_id"], question: ["id"], conflict: ["id"], finding: ["id", "state"],
  eviction: ["dataset", "id"], tombstone: ["dataset", "id"], op: ["op_id", "status"],
};

/** An entry of a later server, or a broken one, is stepped over and counted: neighbours go on, and nobody is told that all is here. */
export function isReadable(entry: unknown): entry is FeedEntry {
  if (typeof entry !== "object" || entry === null) return false;
  const said = entry as Record<string, unknown>;
  const names = NAMES[String(said["type"])];
  if (!names?.every((name) => isText(said[name]))) return false;
  return said["type"] !== "entity" || Number.isInteger(said["version"]);
}

export const isKept = (entry: FeedEntry): entry is KeptEntry => !["eviction", "tombstone", "op"].includes(entry.type);

/** Assignments and questions leave by the same entry, with their kind as dataset. */
const keysOfRemoved = (dataset: string, id: string): string[] => [recordKey(dataset, id), `${dataset}:${id}`];

/** Keys and ops that an answer speaks of. `erases`: a record goes by law, and with it what is kept of visits to it. */
export function namedBy(answer: PullAnswer): { keys: string[]; ops: string[]; erases: boolean } {
  const entries = Object.values(answer.feeds).flatMap((page) => page.entries ?? []).filter(isReadable);
  const keys = entries.flatMap((entry) => (isKept(entry) ? [keyOf(entry)] : entry.type === "op" ? [] : keysOfRemoved(entry.dataset, entry.id)));
  const ops = entries.flatMap((entry) => (entry.type === "op" ? [entry.op_id] : []));
  return { keys: [...new Set(keys)], ops, erases: entries.some((entry) => entry.type === "tombstone") };
}

/** Works on a picture of the touched part of the store, so that pages of several scopes in one answer add up. */
class Picture {
  readonly changes: Change[] = [];
  readonly held = new Map<string, Map<string, number>>();
  readonly versions = new Map<string, number>();
  readonly bases: Map<string, BaseMeta>;
  readonly ops: Map<string, OpMeta>;
  /** Own ops without an outcome, by the records that they write, oldest first. */
  readonly open = new Map<string, string[]>();
  readonly erased = new Set<string>();
  rows = 0;

  constructor(readonly store: Store) {
    for (const { scope, key, mark } of store.memberships) this.scopesOf(key).set(scope, mark);
    for (const [key, row] of store.records) this.versions.set(key, row.version);
    this.bases = new Map(store.bases);
    this.ops = new Map(store.ops.map((op) => [op.op_id, op]));
    for (const op of store.ops.filter(isOpen).sort((a, b) => a.seq - b.seq)) {
      for (const key of op.records) this.open.set(key, [...(this.open.get(key) ?? []), op.op_id]);
    }
  }

  scopesOf(key: string): Map<string, number> {
    const known = this.held.get(key) ?? new Map<string, number>();
    this.held.set(key, known);
    return known;
  }

  /** Two scopes may carry the same record: the higher version stands, and of equal ones the later fetched.
   * A refetch overrules: the server may have been restored, and what comes later is never older. What is no record has
   * only its number in the scope that told of it, which says nothing beside another scope's: the later fetched stands.
   */
  keep(feed: FeedMeta, entry: KeptEntry, place: number): void {
    const key = keyOf(entry);
    const row = { key, ...rowShape(entry) };
    const known = this.versions.get(key);
    this.changes.push({ do: "member", row: { scope: feed.scope, key, mark: feed.mark } });
    this.scopesOf(key).set(feed.scope, feed.mark);
    this.rows += 1;
    if (entry.type === "entity" && known !== undefined && row.version < known && !feed.sweeping) return;
    this.versions.set(key, row.version);
    this.changes.push({ do: "record", row, entry: [feed.scope, place] });
    this.makeBase(key, row, [feed.scope, place]);
  }

  /** One scope no longer holds it; the record goes with its last scope. */
  leave(scope: string, key: string): void {
    const scopes = this.scopesOf(key);
    if (!scopes.delete(scope)) return;
    this.changes.push({ do: "drop-member", scope, key });
    if (scopes.size === 0) this.drop(key);
  }

  /** Erased by law: gone from every scope, and with it what this phone had put over it. */
  erase(key: string): void {
    for (const scope of this.scopesOf(key).keys()) this.changes.push({ do: "drop-member", scope, key });
    this.scopesOf(key).clear();
    this.drop(key, { erased: true });
    this.dropBase(key);
    this.erased.add(key);
  }

  settle(entry: OpEntry): void {
    const op = this.ops.get(entry.op_id);
    if (!op) return;
    const outcome = outcomeOfEntry(entry);
    this.changes.push({ do: "op", seq: op.seq, set: { state: outcome.state, status: outcome.status, code: outcome.code } });
    for (const key of op.records) {
      const base = this.bases.get(key);
      if (base) this.setBase(baseAfter(base, op.op_id, outcome));
      if (!isOpen(outcome)) this.open.set(key, (this.open.get(key) ?? []).filter((id) => id !== op.op_id));
    }
  }

  /** Lets go of what the server now shows by itself. */
  release(everythingPulled: boolean): void {
    for (const [key, base] of this.bases) {
      if (isReleased(base, this.versions.get(key) ?? null, everythingPulled)) this.dropBase(key);
    }
  }

  sweep(scope: string, mark: number): void {
    for (const [key, scopes] of this.held) {
      if (!scopes.has(scope) || scopes.get(scope) === mark) continue;
      this.leave(scope, key);
      if (scopes.size === 0) this.makeBase(key, { parent: this.store.records.get(key)?.parent ?? "", version: 0 }, null);
    }
  }

  /** What an own op wrote is laid over the row again that it had become part of: a restored server lost it, and keeps waiting with it. */
  private makeBase(key: string, { parent, version }: Pick<RecordMeta, "parent" | "version">, entry: [string, number] | null): void {
    const ops = this.open.get(key);
    if (!ops?.length || this.bases.has(key)) return;
    const row: BaseMeta = { key, parent, base_version: version, ops, dropped: [], answered_version: 0 };
    this.bases.set(key, row);
    this.changes.push({ do: "make-base", row, entry });
  }

  private setBase(base: BaseMeta): void {
    this.bases.set(base.key, base);
    this.changes.push({ do: "base", row: base });
  }

  private drop(key: string, how: { erased?: true } = {}): void {
    this.versions.delete(key);
    this.changes.push({ do: "drop-record", key, ...how });
  }

  private dropBase(key: string): void {
    if (this.bases.delete(key)) this.changes.push({ do: "drop-base", key });
  }
}

export const asPull = (body: unknown): PullAnswer | null => {
  const answer = body as PullAnswer | null;
  return answer && typeof answer === "object" && typeof answer.epoch === "string" && answer.feeds && typeof answer.feeds === "object" ? answer : null;
};

/** `unfinished`: scopes to ask again; `refetched`: those that start anew; `gone`: those that the server no longer gives. */
export interface PagesRead { changes: Change[]; rows: number; unfinished: string[]; refetched: string[]; gone: string[]; stuck: string[] }

/** Reads one answer. `waiting`: other scopes that this round has still to pull. */
export function readPages(store: Store, asked: FeedMeta[], answer: PullAnswer, build: string, waiting = false): PagesRead {
  const picture = new Picture(store);
  const read: PagesRead = { changes: picture.changes, rows: 0, unfinished: [], refetched: [], gone: [], stuck: [] };
  for (const feed of asked) {
    const page = answer.feeds[feed.scope];
    if (!page) read.stuck.push(feed.scope);
    else readPage(picture, read, feed, page, { epoch: answer.epoch, build });
  }
  picture.release(!waiting && read.unfinished.length === 0 && read.stuck.length === 0);
  if (answer.acked_seq !== undefined) picture.changes.push({ do: "server", set: { acked_seq: answer.acked_seq } });
  read.rows = picture.rows;
  read.changes.push(...forgetWork(store, picture.erased));
  return read;
}

function readPage(picture: Picture, read: PagesRead, feed: FeedMeta, page: PullPage, { epoch, build }: { epoch: string; build: string }): void {
  if (page.status === "gone") {
    read.gone.push(feed.scope);
    picture.changes.push({ do: "feed", row: { ...feed, state: "leaving" } });
    return;
  }
  if (page.status === "must_refetch") {
    read.refetched.push(feed.scope);
    read.unfinished.push(feed.scope);
    picture.changes.push({ do: "feed", row: restart(feed, epoch, page.view) });
    return;
  }
  const unread = (page.entries ?? []).reduce((count, entry, place) => count + takeEntry(picture, feed, entry, place), 0);
  if (feed.sweeping && !page.more) picture.sweep(feed.scope, feed.mark);
  const next = { ...feed, after: page.next, head: page.head, view: page.view, epoch, sweeping: feed.sweeping && page.more, unread: (feed.unread ?? 0) + unread, build };
  picture.changes.push({ do: "feed", row: next });
  if (page.more) (page.next > feed.after ? read.unfinished : read.stuck).push(feed.scope);
}

/** 1 for an entry that this build cannot read. */
function takeEntry(picture: Picture, feed: FeedMeta, entry: FeedEntry, place: number): 0 | 1 {
  if (!isReadable(entry)) return 1;
  if (entry.type === "eviction") for (const key of keysOfRemoved(entry.dataset, entry.id)) picture.leave(feed.scope, key);
  else if (entry.type === "tombstone") for (const key of keysOfRemoved(entry.dataset, entry.id)) picture.erase(key);
  else if (entry.type === "op") picture.settle(entry);
  else if (isKept(entry)) picture.keep(feed, entry, place);
  return 0;
}

/** A scope that was taken away: its memberships go, and with them the records that no other scope holds, their own
 * layers, and what is left of the visits to those households that the server has already (op rows and photos).
 */
export function wipeScope(store: Store, scope: string): Change[] {
  const picture = new Picture(store);
  const mine = store.memberships.filter((row) => row.scope === scope).map((row) => row.key);
  for (const key of mine) picture.leave(scope, key);
  const gone = new Set(mine.filter((key) => picture.scopesOf(key).size === 0));
  for (const base of store.bases.values()) if (gone.has(base.key)) picture.changes.push({ do: "drop-base", key: base.key });
  return [...picture.changes, { do: "drop-feed", scope }, ...forgetWork(store, gone)];
}

/** An op goes when its household is gone, the server has stored it, and its photos are there. */
function forgetWork(store: Store, gone: Set<string>): Change[] {
  const away = store.ops.filter((op) => op.status !== "" && op.state !== "queued" && op.household_id !== "" && gone.has(recordKey("household", op.household_id)));
  return away.flatMap((op) => {
    const photos = store.photos.filter((photo) => photo.owner === op.op_id);
    if (photos.some((photo) => photo.state === "pending" && photo.kept)) return [];
    return [...photos.map((photo): Change => ({ do: "drop-photo", id: photo.id })), { do: "drop-op", seq: op.seq, op_id: op.op_id }];
  });
}
