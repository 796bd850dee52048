/** Builds the op of a finished visit: what was answered, what its author had seen, and its photos. */
import type { OwnWrite } from "./bases";
import { sealChain } from "./chain";
import { recordKey } from "./ops";
import type { PhotoFacts } from "./photos";
import type { PhotoRow } from "./database";
import type { Attachment, Draft, EntityBase, FinishedVisit, Fix, SeenRow, Snapshot, SubmissionBody, Values } from "./types";

/** The rows of a snapshot by record key. */
export function seenRows(snapshot: Snapshot): Map<string, SeenRow> {
  const rows = [...(snapshot.household ? [snapshot.household] : []), ...snapshot.members, ...(snapshot.others ?? [])];
  return new Map(rows.map((row) => [recordKey(row.dataset, row.id), row]));
}

/** Bases of what is written: only what the author was shown, and only the properties that the form writes. */
export function entityBases(writes: OwnWrite[], seen: Map<string, SeenRow>): EntityBase[] {
  return writes.map((write) => {
    const row = seen.get(recordKey(write.dataset, write.id));
    if (!row) return { dataset: write.dataset, id: write.id };
    const base: Values = {};
    for (const name of Object.keys(write.values)) if (name in row.data) base[name] = row.data[name];
    return { dataset: write.dataset, id: write.id, base_version: row.base_version, base };
  });
}

/** Ops that must come first: those of this phone that made a record which this one changes. */
export function createdBy(writes: OwnWrite[], seen: Map<string, SeenRow>, openOps: Map<string, string[]>): string[] {
  const ids = writes.filter((write) => seen.get(recordKey(write.dataset, write.id))?.base_version === 0)
    .map((write) => openOps.get(recordKey(write.dataset, write.id))?.[0]);
  return [...new Set(ids.filter((id): id is string => id !== undefined))];
}

export async function attachmentsOf(photos: { row: PhotoRow; facts: PhotoFacts }[], fixAtSave: Fix | null, pair: CryptoKeyPair | null): Promise<Attachment[]> {
  const chain = await sealChain(photos.map(({ facts }) => ({ ...facts.capture, fix_at_save: fixAtSave })), pair);
  return photos.map(({ row, facts }, place) => ({
    name: row.name, sha256: row.sha256, size: row.size, media_type: facts.media_type,
    ...(facts.slot ? { slot: facts.slot } : {}), capture: chain[place],
  }));
}

export function submissionBody(draft: Draft, done: FinishedVisit, entities: EntityBase[], attachments: Attachment[]): SubmissionBody {
  return {
    instance_id: done.instanceId, form_id: draft.form_id, form_version: draft.version, instance_xml: done.instanceXml,
    visit: done.visit, entities, attachments,
  };
}
