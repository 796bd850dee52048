/** Own edits that the server has not shown back yet, sealed. What they mean is decided in core/bases.ts. */
import { overlay, withWrite, type OwnLayers, type OwnWrite } from "./core/bases";
import { recordKey } from "./core/ops";
import type { BaseRow } from "./database";
import type { Session } from "./session";
import type { SeenRow } from "./types";
import { open, seal } from "./vault";

const openLayers = (at: Session, base: BaseRow): Promise<OwnLayers> => open<OwnLayers>(at.key, `bases:${base.key}`, base.sealed);

export async function openOwn(at: Session, base: BaseRow): Promise<SeenRow> {
  return overlay(await openLayers(at, base), base.dropped);
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
  const row = await at.db.bases.get(key);
  const { meta, kept } = withWrite(opId, write, row ? { meta: row, kept: await openLayers(at, row) } : undefined, seen);
  return { ...meta, sealed: await seal(at.key, `bases:${key}`, kept) };
}
