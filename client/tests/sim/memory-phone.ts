/** A phone in memory: the core of sync over tables that are plain maps. What the app's shell does in the database, this does here.
 *
 * Clock, ids, disk and network are given from outside, so that one seed makes one run.
 */
import { describeClock, anchorAt, type ClockAnchor, type ClockReading } from "../../src/lib/clock";
import { applyChanges } from "../../src/lib/core/apply";
import { baseOf, createdBy, entityBases, inWords, overlay, withWrite, type OwnLayers, type OwnWrite } from "../../src/lib/core/bases";
import { begin, step } from "../../src/lib/core/machine";
import { recordKey } from "../../src/lib/core/ops";
import { outcomeOfRound, type Ask, type Happening, type Round, type Step } from "../../src/lib/core/round";
import { newServer, type BaseMeta, type Change, type OpMeta, type Store } from "../../src/lib/core/state";
import type { PullAnswer } from "../../src/lib/core/pages";
import type { EntityEntry, FeedEntry, KeptEntry, SeenRow } from "../../src/lib/types";

export interface Identity { install_id: string; user_id: string; build: string; seed: number }
export interface NewPhoto { name: string; sha256: string; size: number }
/** `draft`: id of a draft whose rows the author was shown; without one the rows of this moment count. `known`: steps of the vocabulary that the form knows. */
export interface Saving { known?: number; op_id: string; kind?: string; writes?: OwnWrite[]; body?: Record<string, unknown>; household_id?: string; photos?: NewPhoto[]; draft?: string }
interface Draft { household_id: string; seen: Map<string, SeenRow>; body: Record<string, unknown> }

/** Thrown by a disk that is full, or that dies while it writes: then nothing of the step was written. */
export class DiskFault extends Error {}

const rowOf = (entry: EntityEntry): SeenRow => ({
  dataset: entry.dataset, id: entry.id, label: entry.label, base_version: entry.version, branch_id: "", parent: entry.parent ?? null, data: entry.data ?? {},
});

export class MemoryPhone {
  store: Store = { server: newServer(), ops: [], bases: new Map(), feeds: new Map(), records: new Map(), memberships: [], photos: [], drafts: [] };
  round: Round | null = null;
  lastOutcome = "";
  lastResult: Partial<Round> = {};
  wiped = false;
  disk: "well" | "full" | "crash" = "well";
  readonly rows = new Map<string, KeptEntry>();
  readonly layers = new Map<string, OwnLayers>();
  readonly bodies = new Map<string, Record<string, unknown>>();
  readonly drafts = new Map<string, Draft>();
  private readonly writes = new Map<string, OwnWrite[]>();
  private seq = 0;
  private anchor: ClockAnchor | null = null;
  private state: number;

  constructor(readonly identity: Identity) {
    this.state = identity.seed >>> 0;
  }

  /** A visit opens: its author sees these records as they are now. */
  openDraft(id: string, householdId: string, keys: string[], body: Record<string, unknown> = {}, known?: number): void {
    const seen = this.shown(keys, known);
    this.drafts.set(id, { household_id: householdId, seen, body });
    this.store = { ...this.store, drafts: [...this.store.drafts, { id, household_id: householdId }] };
  }

  /** Op, photos, own bases and end of the draft: all of it or nothing. Gives the op as it will go over the wire. */
  save(saving: Saving, clock: ClockReading): Record<string, unknown> {
    this.write();
    const { op_id, kind = "submission", writes = [], body = {}, photos = [], draft, known } = saving;
    const keys = writes.map((write) => recordKey(write.dataset, write.id));
    const seen = (draft ? this.drafts.get(draft)?.seen : undefined) ?? this.shown(keys, known);
    const open = new Map([...this.store.bases].map(([key, base]) => [key, base.ops]));
    const entities = kind === "submission" ? { entities: entityBases(writes, seen) } : {};
    const fields = { op_id, kind, device_time: new Date(clock.device_ms).toISOString(), clock: describeClock(this.anchor, clock), depends_on: createdBy(writes, seen, open), ...entities, ...body };
    this.addOp(op_id, kind, fields, { household_id: saving.household_id ?? writes.find((write) => write.dataset === "household")?.id ?? "", records: keys, instance_id: String(body["instance_id"] ?? "") }, clock.device_ms);
    this.writes.set(op_id, writes);
    for (const write of writes) this.overlayWith(op_id, write, seen.get(recordKey(write.dataset, write.id)));
    this.store.photos.push(...photos.map((photo) => ({ id: `${op_id}/${photo.name}`, owner: op_id, sha256: photo.sha256, size: photo.size, offset: 0, state: "pending" as const, tries: 0, kept: true })));
    if (draft) this.endDraft(draft);
    return this.wireOp(op_id);
  }

  /** Begins a round; undefined while one runs (single flight). */
  sync(now: number, check = false): Ask | undefined {
    if (this.round || this.wiped) return undefined;
    return this.after(begin(this.store, this.context(now, check)), now, check, null);
  }

  /** What came of what was asked last. */
  happen(event: Happening, now: number, check = false): Ask | undefined {
    if (!this.round) return undefined;
    if (this.round.asked.ask === "hello" && event.type === "answered") this.anchor = anchorAt(String((event.body as { server_time?: string }).server_time), this.reading(now));
    return this.after(step(this.store, this.round, event, this.context(now, check)), now, check, event);
  }

  /** The power goes: what was in memory only is gone. */
  crash(): void {
    this.round = null;
  }

  wireOp(opId: string): Record<string, unknown> {
    const seq = this.store.ops.find((op) => op.op_id === opId)?.seq;
    return { ...this.bodies.get(opId), install_id: this.identity.install_id, seq };
  }

  /** The record as the worker sees it: in a form that knows so many steps of the vocabulary (a list has today's words). */
  seen(key: string, known?: number): SeenRow | undefined {
    const layers = this.layers.get(key);
    const base = this.store.bases.get(key);
    const entry = this.rows.get(key) as EntityEntry | undefined;
    const row = layers && base ? overlay(layers, base.dropped) : entry?.type === "entity" ? rowOf(entry) : undefined;
    return row && known !== undefined ? { ...row, data: inWords(row.data, entry?.past, known, Boolean(layers && base)) } : row;
  }

  private shown(keys: string[], known?: number): Map<string, SeenRow> {
    return new Map(keys.flatMap((key): [string, SeenRow][] => { const row = this.seen(key, known); return row ? [[key, row]] : []; }));
  }

  private context(now: number, check: boolean): { now: number; check: boolean; build: string } {
    return { now, check, build: this.identity.build };
  }

  private reading = (now: number): ClockReading => ({ device_ms: now, monotonic_ms: now, time_origin: 0 });

  /** Writes the step's changes, then does by itself what needs no network. */
  private after({ round, changes, ask }: Step, now: number, check: boolean, event: Happening | null): Ask | undefined {
    try {
      this.write();
    } catch (fault) {
      this.round = null;
      throw fault;
    }
    this.keepContents(changes, event);
    this.store = this.numbered(applyChanges(this.store, changes), changes);
    this.round = round;
    if (ask.ask === "hand_over") return this.happen({ type: "handed_over", left: this.handOver(ask.drafts, now) }, now, check);
    if (ask.ask === "leave") return this.happen({ type: "left", acks: ask.scopes.map((scope) => ({ scope, op_id: this.newId(now) })) }, now, check);
    if (ask.ask === "done") this.end(round, ask.wipe);
    return ask;
  }

  private end(round: Round, wipe: boolean): void {
    this.lastOutcome = outcomeOfRound(round);
    const { pushed, photos, pulled, checked, resent, restored, revoked, problems } = round;
    this.lastResult = { pushed, photos, pulled, checked, resent, restored, revoked, problems };
    this.round = null;
    if (!wipe) return;
    this.wiped = true;
    this.store = { server: newServer(), ops: [], bases: new Map(), feeds: new Map(), records: new Map(), memberships: [], photos: [], drafts: [] };
    for (const table of [this.rows, this.layers, this.bodies, this.drafts]) table.clear();
  }

  /** Rows and op bodies, which the core only names. */
  private keepContents(changes: Change[], event: Happening | null): void {
    const pages = event?.type === "answered" ? (event.body as PullAnswer | null)?.feeds : undefined;
    for (const change of changes) {
      if (change.do === "record") this.rows.set(change.row.key, pages?.[change.entry[0]]?.entries[change.entry[1]] as KeptEntry);
      if (change.do === "drop-record") this.rows.delete(change.key);
      if (change.do === "drop-base") this.layers.delete(change.key);
      if (change.do === "make-base") this.layersAgain(change.row, change.entry ? pages?.[change.entry[0]]?.entries[change.entry[1]] : undefined);
      if (change.do === "drop-op") this.bodies.delete(change.op_id);
      if (change.do === "add-ack") this.bodies.set(change.op_id, this.ackBody(change));
    }
  }

  private layersAgain({ key, ops }: BaseMeta, entry: FeedEntry | undefined): void {
    const made = baseOf(key, ops.map((op_id) => ({ op_id, writes: this.writes.get(op_id) ?? [] })), entry?.type === "entity" ? rowOf(entry) : undefined);
    if (made) this.layers.set(key, made.kept);
  }

  private ackBody({ op_id, scope }: { op_id: string; scope: string }): Record<string, unknown> {
    const count = this.store.memberships.filter((row) => row.scope === scope).length;
    return { op_id, kind: "revocation_ack", device_time: new Date(0).toISOString(), clock: { server_time_seen: null, device_time_then: null, jumped: false }, depends_on: [], scope, count };
  }

  /** Gives acknowledgements the next numbers of this install, without gaps. */
  private numbered(store: Store, changes: Change[]): Store {
    const acks = new Set(changes.flatMap((change) => (change.do === "add-ack" ? [change.op_id] : [])));
    return acks.size === 0 ? store : { ...store, ops: store.ops.map((op) => (acks.has(op.op_id) ? { ...op, seq: ++this.seq } : op)) };
  }

  private handOver(ids: string[], now: number): string[] {
    for (const id of ids) {
      const draft = this.drafts.get(id);
      const op_id = this.newId(now);
      const fields = { op_id, kind: "draft", device_time: new Date(now).toISOString(), clock: describeClock(this.anchor, this.reading(now)), depends_on: [], instance_id: `uuid:${id}`, form_id: "", form_version: "", instance_xml: "<data/>", entity_id: draft?.household_id || null, saved_at: new Date(now).toISOString(), attachments: [], ...draft?.body };
      this.addOp(op_id, "draft", fields, { household_id: draft?.household_id ?? "", records: [], instance_id: "" }, now);
      this.endDraft(id);
    }
    return [];
  }

  private addOp(op_id: string, kind: string, fields: Record<string, unknown>, of: Pick<OpMeta, "household_id" | "records" | "instance_id">, now: number): void {
    const op: OpMeta = { ...of, seq: ++this.seq, op_id, kind, state: "queued", status: "", code: "", tries: 0, created_at: new Date(now).toISOString(), answered_at: "", size: JSON.stringify(fields).length + 100 };
    this.bodies.set(op_id, fields);
    this.store = { ...this.store, ops: [...this.store.ops, op], photos: [...this.store.photos], bases: new Map(this.store.bases) };
  }

  private overlayWith(opId: string, write: OwnWrite, seen: SeenRow | undefined): void {
    const key = recordKey(write.dataset, write.id);
    const [meta, kept] = [this.store.bases.get(key), this.layers.get(key)];
    const next = withWrite(opId, write, meta && kept ? { meta, kept } : undefined, seen);
    this.store.bases.set(key, next.meta);
    this.layers.set(key, next.kept);
  }

  private endDraft(id: string): void {
    this.drafts.delete(id);
    this.store = { ...this.store, drafts: this.store.drafts.filter((draft) => draft.id !== id) };
  }

  private write(): void {
    if (this.disk !== "well") throw new DiskFault(this.disk);
  }

  /** A version 7 id of the seed. */
  private newId(now: number): string {
    const hex = Math.max(0, Math.floor(now)).toString(16).padStart(12, "0").slice(-12);
    const more = Array.from({ length: 18 }, () => this.roll(16).toString(16)).join("");
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7${more.slice(0, 3)}-8${more.slice(3, 6)}-${more.slice(6, 18)}`;
  }

  private roll(sides: number): number {
    this.state = (Math.imul(this.state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.state / 2 ** 32) * sides);
  }
}
