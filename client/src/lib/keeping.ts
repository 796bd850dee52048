/** Writes the changes of one step of sync, in the caller's transaction. Contents were sealed before: IndexedDB commits while WebCrypto works. */
import { cacheKey, HANGERS } from "./cache";
import type { Change, Membership, Server } from "./core/state";
import type { BaseRow, CacheRow, PhoneDatabase, RecordRow } from "./database";
import { addOp, type NewOp } from "./outbox";
import { SERVER_NAMES } from "./slices";
import type { Sealed } from "./vault";

/** `rows`: sealed entries by "scope|place" of the answer; `answers`: sealed ops by their place in the results; `acks`: new ops by op_id; `bases`: those made anew, by key; `told`: what is said of households that go and come. */
export interface Contents { rows: Map<string, RecordRow>; answers: Map<number, Sealed>; acks: Map<string, NewOp>; bases: Map<string, BaseRow>; told: CacheRow[] }

export const noContents = (): Contents => ({ rows: new Map(), answers: new Map(), acks: new Map(), bases: new Map(), told: [] });

/** Of many changes of one row in one step the last counts. */
export async function writeChanges(db: PhoneDatabase, changes: Change[], contents: Contents): Promise<void> {
  const records = new Map<string, RecordRow | null>();
  const members = new Map<string, Membership | [string, string]>();
  for (const change of changes) {
    if (change.do === "record") records.set(change.row.key, contents.rows.get(change.entry.join("|")) ?? null);
    else if (change.do === "drop-record") records.set(change.key, null);
    else if (change.do === "member") members.set(`${change.row.scope}|${change.row.key}`, change.row);
    else if (change.do === "drop-member") members.set(`${change.scope}|${change.key}`, [change.scope, change.key]);
    else await writeOne(db, change, contents);
  }
  await writeRecords(db, records);
  await db.cache.bulkPut(contents.told);
  const rows = [...members.values()];
  await db.memberships.bulkPut(rows.filter((row): row is Membership => !Array.isArray(row)));
  await db.memberships.bulkDelete(rows.filter((row): row is [string, string] => Array.isArray(row)));
}

/** A record that goes takes along what hangs on it. */
async function writeRecords(db: PhoneDatabase, records: Map<string, RecordRow | null>): Promise<void> {
  const gone = [...records].filter(([, row]) => row === null).map(([key]) => key);
  await db.records.bulkPut([...records.values()].filter((row): row is RecordRow => row !== null));
  await db.records.bulkDelete(gone);
  const ids = gone.map((key) => key.slice(key.lastIndexOf(":") + 1));
  await db.cache.bulkDelete(ids.flatMap((id) => HANGERS.map((hanger) => cacheKey(hanger, id))));
  const begun = gone.filter((key) => key.startsWith("question:") || key.startsWith("finding:"));
  if (begun.length > 0) await db.photos.where("owner").anyOf(begun).delete();
}

type Single = Exclude<Change, { do: "record" | "drop-record" | "member" | "drop-member" }>;

async function writeOne(db: PhoneDatabase, change: Single, contents: Contents): Promise<unknown> {
  switch (change.do) {
    case "op": return db.ops.update(change.seq, { ...change.set, ...sealedAnswer(change.answer, contents) });
    case "add-ack": return addAck(db, contents.acks.get(change.op_id));
    case "drop-op": return db.ops.delete(change.seq);
    case "base": return db.bases.update(change.row.key, { ...change.row });
    case "make-base": return putBase(db, contents.bases.get(change.row.key));
    case "drop-base": return db.bases.delete(change.key);
    case "feed": return db.feeds.put(change.row);
    case "drop-feed": return db.feeds.delete(change.scope);
    case "photo": return db.photos.update(change.id, change.set);
    case "drop-photo": return db.photos.delete(change.id);
    case "server": return writeServer(db, change.set);
  }
}

function sealedAnswer(place: number | undefined, { answers }: Contents): { sealed: Sealed } | Record<string, never> {
  const sealed = place === undefined ? undefined : answers.get(place);
  return sealed ? { sealed } : {};
}

/** None where nothing of it can be read any more: then the server's row shows. */
async function putBase(db: PhoneDatabase, base: BaseRow | undefined): Promise<void> {
  if (base) await db.bases.put(base);
}

async function addAck(db: PhoneDatabase, op: NewOp | undefined): Promise<void> {
  if (!op) throw new Error("An acknowledgement was not prepared");
  await addOp(db, op);
}

async function writeServer(db: PhoneDatabase, { epoch, ...numbers }: Partial<Server>): Promise<void> {
  if (epoch !== undefined) await db.counters.put({ name: SERVER_NAMES.epoch, value: 0, text: epoch ?? "" });
  for (const [name, value] of Object.entries(numbers)) await db.counters.put({ name: SERVER_NAMES[name as keyof typeof numbers], value: Number(value) });
}
