/** Builds the op of a finished visit: what was answered, what its author had seen, and its photos. */
import { sealChain } from "./chain";
import { recordKey } from "./core/ops";
import type { PhotoFacts } from "./photos";
import type { PhotoRow } from "./database";
import type { Attachment, Draft, EntityBase, FinishedVisit, Fix, SeenRow, Snapshot, SubmissionBody } from "./types";

/** The rows of a snapshot by record key. */
export function seenRows(snapshot: Snapshot): Map<string, SeenRow> {
  const rows = [...(snapshot.household ? [snapshot.household] : []), ...snapshot.members, ...(snapshot.others ?? [])];
  return new Map(rows.map((row) => [recordKey(row.dataset, row.id), row]));
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
