/** Reads from the database the part of the store that a step of sync looks at. Contents stay where they are, sealed.
 *
 * Facts about ops and photos are read once in a round: rows carry their contents, and a year of visits is large.
 */
import type { Needs } from "./core/needs";
import { newServer, type DraftMeta, type Membership, type OpMeta, type PhotoMeta, type RecordMeta, type Server, type Store } from "./core/state";
import { readPhoto } from "./photo-rows";
import type { BaseRow, OpRow, PhoneDatabase, PhotoRow, RecordRow } from "./database";
import { wholeRows } from "./whole-rows";

const AT_ONCE = 500;

export class Slices {
  private readonly ops = new Map<number, OpMeta>();
  private readonly photos = new Map<string, PhotoMeta>();

  constructor(private readonly db: PhoneDatabase) {}

  async load(needs: Needs): Promise<Store> {
    const { db } = this;
    const memberships = await this.memberships(needs);
    const bases = new Map((await db.bases.toArray()).map((base) => [base.key, withoutSeal(base)]));
    const photos = await this.loadPhotos(needs.everything);
    return {
      server: await readServer(db), ops: await this.loadOps(needs, photos), bases, feeds: new Map((await db.feeds.toArray()).map((feed) => [feed.scope, feed])),
      records: await this.records([...needs.keys, ...bases.keys(), ...(needs.scope === null ? [] : memberships.map((row) => row.key))]),
      memberships, photos, drafts: await this.drafts(),
    };
  }

  /** From the index alone: a draft carries the lists that it was opened with. */
  async drafts(): Promise<DraftMeta[]> {
    const found: DraftMeta[] = [];
    await this.db.drafts.orderBy("household_id").eachKey((household, { primaryKey }) => { found.push({ id: primaryKey, household_id: String(household) }); });
    return [...found, ...(await this.replies())];
  }

  /** Answers to questions that were begun, by text or by photo: of no household, so only a phone that is taken out of use hands them over. */
  private async replies(): Promise<DraftMeta[]> {
    const typed = await this.db.cache.where("key").startsWith("answer:").primaryKeys();
    const taken = await this.db.photos.where("owner").startsWith("question:").keys();
    return [...new Set([...typed, ...taken.map((owner) => String(owner).replace("question:", "answer:"))])].sort().map((id) => ({ id, household_id: "" }));
  }

  /** What the round itself changed. */
  forget(ops: number[], photos: string[]): void {
    for (const seq of ops) this.ops.delete(seq);
    for (const id of photos) this.photos.delete(id);
  }

  private async memberships({ keys, swept, scope, everything }: Needs): Promise<Membership[]> {
    const { db } = this;
    if (everything) return db.memberships.toArray();
    const wanted = new Set(keys);
    for (const { scope: name, mark } of swept) await db.memberships.where("scope").equals(name).each((row) => { if (row.mark !== mark) wanted.add(row.key); });
    const found: Membership[] = [];
    for (const part of parts([...wanted])) found.push(...(await db.memberships.where("key").anyOf(part).toArray()));
    if (scope === null) return found;
    return [...found.filter((row) => row.scope !== scope), ...(await db.memberships.where("scope").equals(scope).toArray())];
  }

  private async records(keys: string[]): Promise<Map<string, RecordMeta>> {
    const found = new Map<string, RecordMeta>();
    for (const part of parts([...new Set(keys)])) {
      for (const row of await this.db.records.bulkGet(part)) if (row) found.set(row.key, shapeOf(row));
    }
    return found;
  }

  private async loadPhotos(everything: boolean): Promise<PhotoMeta[]> {
    const { db } = this;
    const ids = (await (everything ? db.photos.where("state").notEqual("draft") : db.photos.where("state").equals("pending")).primaryKeys());
    for (const id of ids) {
      const row = this.photos.has(id) ? undefined : await readPhoto(db, id);
      if (row) this.photos.set(id, photoMeta(row));
    }
    return ids.flatMap((id) => this.photos.get(id) ?? []);
  }

  private async loadOps({ everything, ops }: Needs, photos: PhotoMeta[]): Promise<OpMeta[]> {
    const { db } = this;
    const named = [...new Set([...ops, ...photos.map((photo) => photo.owner)])];
    const seqs = everything ? await db.ops.toCollection().primaryKeys()
      : [...(await db.ops.where("state").anyOf("queued", "held").primaryKeys()), ...(named.length > 0 ? await db.ops.where("op_id").anyOf(named).primaryKeys() : [])];
    const wanted = [...new Set(seqs)].sort((a, b) => a - b);
    for (const part of parts(wanted.filter((seq) => !this.ops.has(seq)))) {
      for (const row of await wholeRows(db.ops, part)) this.ops.set(row.seq, withoutSeal(row));
    }
    return wanted.flatMap((seq) => this.ops.get(seq) ?? []);
  }
}

function* parts<T>(all: T[]): Iterable<T[]> {
  for (let start = 0; start < all.length; start += AT_ONCE) yield all.slice(start, start + AT_ONCE);
}

function withoutSeal<T extends OpRow | BaseRow>({ sealed: _sealed, ...meta }: T): Omit<T, "sealed"> {
  return meta;
}

const shapeOf = ({ key, kind, parent, version }: RecordRow): RecordMeta => ({ key, kind, parent, version });
const photoMeta = ({ id, owner, sha256, size, offset, state, tries, bytes }: PhotoRow): PhotoMeta => ({ id, owner, sha256, size, offset, state, tries, kept: bytes !== null });

/** Where each fact about the server stands in the table of counters. */
export const SERVER_NAMES = { acked_seq: "acked-seq", push_bytes: "push-bytes", pull_rows: "pull-rows", checked_at: "checked-at", resend: "resend", epoch: "epoch" } as const;

async function readServer(db: PhoneDatabase): Promise<Server> {
  const kept = new Map((await db.counters.toArray()).map((row) => [row.name, row]));
  const number = (name: string): number => kept.get(name)?.value ?? 0;
  return {
    ...newServer(), acked_seq: number(SERVER_NAMES.acked_seq), push_bytes: number(SERVER_NAMES.push_bytes), pull_rows: number(SERVER_NAMES.pull_rows), checked_at: number(SERVER_NAMES.checked_at),
    resend: number(SERVER_NAMES.resend) > 0, epoch: kept.get(SERVER_NAMES.epoch)?.text ?? null,
  };
}
