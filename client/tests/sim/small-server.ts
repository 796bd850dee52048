/** The wire contract for one region in a few maps, without promises: for property tests of the core.
 *
 * Every op is stored once and makes one version of each record it writes; feeds number their news without gaps.
 * `snapshot` and `restore` are a backup: a restored server is as it was, under another epoch.
 */
import { digestOf } from "../../src/lib/core/digest";
import type { Cursor, Happening, Hello } from "../../src/lib/core/round";
import type { FeedEntry } from "../../src/lib/types";

interface Row { dataset: string; id: string; version: number; data: Record<string, unknown>; parent: string | null }
interface Feed { head: number; entries: Map<string, FeedEntry & { n: number }>; view: string; state: "granted" | "revoking" | "none"; oldest: number; fetched: number }
interface StoredOp { op: Record<string, unknown>; status: string; versions: { dataset: string; id: string; version: number; conflicts: string[] }[] }
interface Contents { rows: Map<string, Row>; feeds: Map<string, Feed>; ops: Map<string, StoredOp>; blobs: Set<string> }
type Body = Record<string, unknown>;

const empty = (): Contents => ({ rows: new Map(), feeds: new Map(), ops: new Map(), blobs: new Set() });

export class SmallServer {
  now: Contents = empty();
  epoch = "epoch-1";
  revoked = false;
  pageSize = 3;
  /** Ops that no envelope with them is readable; ops on which judging fails each time. */
  poison = new Set<string>();
  faulty = new Set<string>();
  judge: (op: Body) => string = () => "applied";
  readonly pushes: string[][] = [];
  private saved: Contents | null = null;

  feed(scope: string): Feed {
    const known = this.now.feeds.get(scope);
    if (known) return known;
    const made: Feed = { head: 0, entries: new Map(), view: "v1", state: "granted", oldest: 0, fetched: 0 };
    this.now.feeds.set(scope, made);
    return made;
  }

  tell(scope: string, key: string, entry: Body): void {
    const feed = this.feed(scope);
    feed.head += 1;
    feed.entries.set(key, { ...entry, n: feed.head } as unknown as FeedEntry & { n: number });
  }

  /** Somebody's edit, or a phone's: one more version, told in every scope that holds the record. */
  write(scopes: string[], dataset: string, id: string, data: Body, parent: string | null = null): number {
    const key = `${dataset}:${id}`;
    const before = this.now.rows.get(key);
    const row: Row = { dataset, id, version: (before?.version ?? 0) + 1, data: { ...before?.data, ...data }, parent: before?.parent ?? parent };
    this.now.rows.set(key, row);
    for (const scope of scopes) this.show(scope, row);
    return row.version;
  }

  /** Moves a record from one scope to another. */
  move(dataset: string, id: string, from: string, to: string): void {
    const row = this.now.rows.get(`${dataset}:${id}`);
    if (!row) return;
    this.tell(from, `record:${id}`, { type: "eviction", dataset, id });
    this.show(to, row);
  }

  scopesOf(id: string): string[] {
    return [...this.now.feeds].filter(([, feed]) => feed.entries.get(`record:${id}`)?.type === "entity").map(([scope]) => scope);
  }

  snapshot(): void {
    this.saved = structuredClone(this.now);
  }

  restore(epoch: string): void {
    if (!this.saved) return;
    this.now = structuredClone(this.saved);
    this.epoch = epoch;
  }

  answer(path: string, body: Body): Happening {
    if (this.revoked && (path === "/sync/pull" || path === "/sync/digest")) return { type: "refused", status: 403, code: "device.revoked" };
    if (path === "/sync/hello") return { type: "answered", body: this.hello() };
    if (path === "/sync/push") return this.push(body["ops"] as Body[]);
    if (path === "/sync/pull") return { type: "answered", body: this.pull(body["feeds"] as Record<string, Cursor>) };
    if (path === "/blobs/have") return { type: "answered", body: { have: (body["sha256"] as string[]).filter((hash) => this.now.blobs.has(hash)) } };
    if (path.startsWith("/sync/digest")) return this.digest(decodeURIComponent(path.split("scope=")[1] ?? ""));
    throw new Error(path);
  }

  ackedSeq(): number {
    const seqs = new Set([...this.now.ops.values()].map(({ op }) => op["seq"]));
    let acked = 0;
    while (seqs.has(acked + 1)) acked += 1;
    return acked;
  }

  private show(scope: string, row: Row): void {
    this.tell(scope, `record:${row.id}`, { type: "entity", dataset: row.dataset, id: row.id, version: row.version, label: row.id, region: "r", state: "active", data: row.data, contested: [], parent: row.parent });
  }

  private hello(): Hello {
    const feeds = this.revoked ? [] : [...this.now.feeds].filter(([, feed]) => feed.state !== "none").map(([scope, feed]) => ({ scope, state: feed.state as "granted", head: feed.head, view: feed.view }));
    return { server_time: "2026-11-22T08:00:00+08:00", epoch: this.epoch, feeds, limits: { push_ops: 5, push_bytes: 100_000, op_bytes: 200_000 } };
  }

  private push(ops: Body[]): Happening {
    this.pushes.push(ops.map((op) => String(op["op_id"])));
    if (ops.length > 5) return { type: "refused", status: 413, code: "request.too_large" };
    if (ops.some((op) => this.poison.has(String(op["op_id"])))) return { type: "refused", status: 400, code: "request.not_json" };
    if (ops.some((op) => this.faulty.has(String(op["op_id"])))) return { type: "refused", status: 500, code: "server.fault" };
    const results = ops.map((op) => this.store(op));
    return { type: "answered", body: { results, acked_seq: this.ackedSeq() } };
  }

  private store(op: Body): Body {
    const id = String(op["op_id"]);
    const known = this.now.ops.get(id);
    if (known) return { op_id: id, status: "duplicate", first: { status: known.status }, entities: known.versions, missing_attachments: this.missing(op) };
    const status = this.revoked ? "quarantined" : this.judge(op);
    const versions = status === "quarantined" || status === "held" ? [] : this.apply(op);
    this.now.ops.set(id, { op: structuredClone(op), status, versions });
    return { op_id: id, status, entities: versions, missing_attachments: this.missing(op) };
  }

  private apply(op: Body): StoredOp["versions"] {
    return ((op["entities"] as { dataset: string; id: string }[] | undefined) ?? []).map(({ dataset, id }) => {
      const scopes = this.now.rows.has(`${dataset}:${id}`) ? this.scopesOf(id) : ["region:1"];
      return { dataset, id, version: this.write(scopes, dataset, id, { by: op["op_id"], ...(op["values"] as Body | undefined) }), conflicts: [] };
    });
  }

  /** What held ops waited for has come: they are applied, and their author's feed says so. */
  release(): void {
    for (const [id, kept] of this.now.ops) {
      if (kept.status !== "held") continue;
      this.now.ops.set(id, { ...kept, status: "applied", versions: this.apply(kept.op) });
      this.tell("user:p1", `op:${id}`, { type: "op", op_id: id, status: "applied" });
    }
  }

  private missing(op: Body): string[] {
    return ((op["attachments"] as { sha256: string }[] | undefined) ?? []).map((one) => one.sha256).filter((hash) => !this.now.blobs.has(hash));
  }

  private pull(asked: Record<string, Cursor>): Body {
    const feeds = Object.fromEntries(Object.entries(asked).map(([scope, cursor]) => [scope, this.page(scope, cursor)]));
    return { epoch: this.epoch, feeds, acked_seq: this.ackedSeq() };
  }

  private page(scope: string, { after, view }: Cursor): Body {
    const feed = this.now.feeds.get(scope);
    if (!feed || feed.state !== "granted") return { status: "gone" };
    const base = { head: feed.head, view: feed.view };
    if (after === 0) feed.fetched = feed.head; // as the server enters who holds a feed, and since when
    if (after > feed.head || (after > 0 && (feed.oldest > Math.max(after, feed.fetched) || view !== feed.view))) return { status: "must_refetch", entries: [], next: 0, more: true, ...base };
    const left = [...feed.entries.values()].filter((entry) => entry.n > after).sort((a, b) => a.n - b.n);
    const entries = left.slice(0, this.pageSize);
    return { status: "ok", entries, next: entries[entries.length - 1]?.n ?? after, more: left.length > entries.length, ...base };
  }

  digestOf(scope: string): { count: number; buckets: string[] } {
    const here = [...(this.now.feeds.get(scope)?.entries.values() ?? [])].flatMap((entry) => (entry.type === "entity" ? [{ id: entry.id, version: this.now.rows.get(`${entry.dataset}:${entry.id}`)?.version ?? 0 }] : []));
    return digestOf(here);
  }

  private digest(scope: string): Happening {
    const feed = this.now.feeds.get(scope);
    if (!feed || feed.state !== "granted") return { type: "refused", status: 404, code: "record.not_found" };
    return { type: "answered", body: { scope, head: feed.head, view: feed.view, ...this.digestOf(scope) } };
  }
}
