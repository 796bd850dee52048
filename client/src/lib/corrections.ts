/** A visit that was sent is corrected by another one that names it: same answers and photos to begin with, own instance id. */
import { getForm } from "./forms";
import { listDrafts, putDraft } from "./drafts";
import type { PhotoRow } from "./database";
import { uuid4 } from "./ids";
import { openOp } from "./outbox";
import { openFacts, photosOf } from "./photos";
import { Problem } from "./problem";
import { session, type Session } from "./session";
import { takeSnapshot } from "./snapshot";
import type { Draft, SubmissionBody } from "./types";
import { openBytes, seal, sealBytes } from "./vault";
import { corrected } from "./writes";

/** Opens a draft with the answers of a sent visit, on the rows as they are now. Its bases are today's. */
export async function openCorrection(opId: string, language: "zh" | "en" = "zh"): Promise<Draft> {
  const at = session();
  const { sent, title, household_id } = await sentVisit(at, opId);
  const begun = (await listDrafts()).find((draft) => draft.extra.corrects === sent.instance_id);
  if (begun) return begun;
  const form = await getForm(sent.form_id, sent.form_version);
  const snapshot = await takeSnapshot(household_id || null, form, language);
  const now = new Date().toISOString();
  const draft: Draft = {
    id: uuid4(), form_id: sent.form_id, version: sent.form_version, household_id: household_id || null, title, opened_at: now, updated_at: now, snapshot,
    instanceXml: corrected(sent.instance_xml, `uuid:${uuid4()}`), extra: { corrects: sent.instance_id, started_at: now, contact_mode: sent.visit.contact_mode },
  };
  await copyPhotos(at, opId, draft.id);
  await putDraft(at, draft);
  return draft;
}

/** The visit as it was sent, and what the outbox calls it. */
export async function sentVisit(at: Session, opId: string): Promise<{ sent: SubmissionBody; title: string; household_id: string }> {
  const row = await at.db.ops.where("op_id").equals(opId).first();
  if (!row || row.kind !== "submission") throw new Problem("draft.missing", { detail: opId });
  const { fields, title } = await openOp(at, row);
  return { sent: fields as unknown as SubmissionBody, title, household_id: row.household_id };
}

/** The same bytes under the draft's own rows; those already cleared here are known to the server by their hash. */
export async function copyPhotos(at: Session, owner: string, draftId: string): Promise<void> {
  for (const { row } of await photosOf(at, owner)) await at.db.photos.add(await copyOf(at, row, draftId));
}

async function copyOf(at: Session, photo: PhotoRow, draftId: string): Promise<PhotoRow> {
  const id = uuid4();
  const bytes = photo.bytes && (await sealBytes(at.key, `photo-bytes:${id}`, await openBytes(at.key, `photo-bytes:${photo.id}`, photo.bytes)));
  const facts = await seal(at.key, `photos:${id}`, await openFacts(at, photo));
  return { ...photo, id, owner: draftId, state: "draft", upload_url: "", offset: 0, tries: 0, facts, bytes };
}
