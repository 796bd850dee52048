/** Own edits that the server has not shown back yet: their base version and row stay for the next op (design §5).
 *
 * Without this, a lost answer followed by a pull would make the next op claim to have seen what came between.
 */
import type { BaseRow, OpRow, PhoneDatabase } from "./database";
import { baseAfter, isReleased, recordKey, type Outcome } from "./ops";
import type { Session } from "./session";
import type { SeenRow, Values } from "./types";
import { open, seal } from "./vault";

/** What one own op writes to one record, as its instance says. */
export interface OwnWrite { dataset: string; id: string; create: boolean; label: string | null; parent: string | null; values: Values }

/** The row as it was when the first open op was made, and what the own ops wrote since, oldest first. */
interface OwnLayers { row: SeenRow; layers: { op_id: string; label: string | null; values: Values }[] }

/** The record as its author sees it: the kept row under the own writes that the server did not put aside. */
export function overlay(kept: OwnLayers, dropped: string[]): SeenRow {
  return kept.layers.filter((layer) => !dropped.includes(layer.op_id)).reduce<SeenRow>(
    (row, layer) => ({ ...row, label: layer.label || row.label, data: { ...row.data, ...layer.values } }), kept.row);
}

export async function openOwn(at: Session, base: BaseRow): Promise<SeenRow> {
  return overlay(await open<OwnLayers>(at.key, `bases:${base.key}`, base.sealed), base.dropped);
}

export async function ownRow(at: Session, key: string): Promise<SeenRow | undefined> {
  const base = await at.db.bases.get(key);
  return base ? openOwn(at, base) : undefined;
}

/** The base rows after one more own op; to be put in the transaction that queues the op. */
export async function basesWith(at: Session, opId: string, writes: OwnWrite[], seen: Map<string, SeenRow>): Promise<BaseRow[]> {
  return Promise.all(writes.map((write) => baseWith(at, opId, write, seen.get(recordKey(write.dataset, write.id)))));
}

async function baseWith(at: Session, opId: string, write: OwnWrite, seen: SeenRow | undefined): Promise<BaseRow> {
  const key = recordKey(write.dataset, write.id);
  const before = await at.db.bases.get(key);
  const kept: OwnLayers = before ? await open<OwnLayers>(at.key, `bases:${key}`, before.sealed) : { row: seen ?? bornHere(write), layers: [] };
  kept.layers.push({ op_id: opId, label: write.label, values: write.values });
  const row: Omit<BaseRow, "sealed"> = {
    key, parent: kept.row.parent ?? "", base_version: kept.row.base_version, ops: [...(before?.ops ?? []), opId],
    dropped: before?.dropped ?? [], answered_version: before?.answered_version ?? 0,
  };
  return { ...row, sealed: await seal(at.key, `bases:${key}`, kept) };
}

const bornHere = (write: OwnWrite): SeenRow => ({
  dataset: write.dataset, id: write.id, label: write.label ?? "", base_version: 0, branch_id: "", parent: write.parent, data: {},
});

/** An op was answered: inside the transaction that stores the answer. */
export async function answerBases(db: PhoneDatabase, op: Pick<OpRow, "op_id" | "records">, outcome: Outcome): Promise<void> {
  for (const base of await db.bases.bulkGet(op.records)) {
    if (base) await db.bases.put(baseAfter(base, op.op_id, outcome));
  }
}

/** Lets go of what the server now shows by itself: inside the transaction that stores the page. */
export async function settleBases(db: PhoneDatabase, everythingPulled: boolean): Promise<void> {
  for (const base of await db.bases.toArray()) {
    const record = await db.records.get(base.key);
    if (isReleased(base, record?.version ?? null, everythingPulled)) await db.bases.delete(base.key);
  }
}
