/** Drafts: unfinished forms, kept sealed with the list rows they were opened with. */
import { basesWith } from "./bases";
import { announce } from "./changes";
import { createdBy, entityBases } from "./core/bases";
import type { DraftRow, PhotoRow } from "./database";
import { getForm, newestForm } from "./forms";
import { uuid4, uuid7 } from "./ids";
import { addOp, makeOp, type NewOp } from "./outbox";
import { photosOf } from "./photos";
import { Problem } from "./problem";
import { session, type Session } from "./session";
import { takeSnapshot } from "./snapshot";
import { inTurn } from "./turns";
import type { Draft, DraftExtra, DraftForm, FinishedVisit } from "./types";
import { open, seal } from "./vault";
import { wholeRows } from "./whole-rows";
import { attachmentsOf, seenRows, submissionBody } from "./visit";
import { ownWrites, replacing, savePaths, usedNames, withDeprecatedId } from "./writes";

/** Starts a draft of the newest published version of `formId`. `carry`: answers that are known. */
export async function openDraft(householdId: string | null, formId: string, language: "zh" | "en" = "zh", carry?: DraftExtra["carry"]): Promise<Draft> {
  const draft = await newDraft(householdId, formId, language, carry);
  await putDraft(session(), draft);
  return draft;
}

/** A draft that is not kept yet; takes the snapshot of the household and its members. */
export async function newDraft(householdId: string | null, formId: string, language: "zh" | "en" = "zh", carry?: DraftExtra["carry"]): Promise<Draft> {
  const form = await newestForm(formId);
  const snapshot = await takeSnapshot(householdId, form, language);
  const now = new Date().toISOString();
  return {
    id: uuid4(), form_id: form.form_id, version: form.version, household_id: householdId, title: snapshot.household?.label ?? "",
    opened_at: now, updated_at: now, snapshot, extra: { started_at: now, ...(carry?.length ? { carry } : {}) },
  };
}

export async function putDraft(at: Session, draft: Draft): Promise<void> {
  await at.db.drafts.put(await sealDraft(at, draft));
  announce("drafts");
}

const sealDraft = async (at: Session, draft: Draft): Promise<DraftRow> => ({
  id: draft.id, household_id: draft.household_id ?? "", form_id: draft.form_id, updated_at: draft.updated_at,
  sealed: await seal(at.key, `drafts:${draft.id}`, draft),
});

const openRow = (at: Session, row: DraftRow): Promise<Draft> => open<Draft>(at.key, `drafts:${row.id}`, row.sealed);

/** Undefined when there is none (already submitted or deleted). */
export async function getDraft(id: string): Promise<Draft | undefined> {
  const at = session();
  const [row] = await wholeRows(at.db.drafts, [id]);
  return row ? openRow(at, row) : undefined;
}

/** Last changed first. */
export async function listDrafts(): Promise<Draft[]> {
  const at = session();
  const all = await Promise.all((await wholeRows(at.db.drafts, await at.db.drafts.toCollection().primaryKeys())).map((row) => openRow(at, row)));
  return all.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
}

/** The form of a draft and its files; `file("household.csv")` answers from the draft's snapshot. */
export async function formOfDraft(draft: Draft): Promise<DraftForm> {
  const form = await getForm(draft.form_id, draft.version);
  return {
    xform: draft.extra.corrects ? withDeprecatedId(form.xform) : form.xform,
    names: form.names,
    file: async (name) => {
      const text = draft.snapshot.csv[name];
      if (text !== undefined) return { text };
      const bytes = form.media[name];
      return bytes ? { bytes } : null;
    },
  };
}

/** Keeps the answers; call it after every answer (it is cheap and ordered). `extra` is merged into what was kept. */
export async function saveDraft(id: string, instanceXml: string, extra: DraftExtra = {}): Promise<void> {
  const at = session();
  await inTurn(`draft:${id}`, async () => {
    const draft = await getDraft(id);
    if (!draft) throw new Problem("draft.missing", { detail: id });
    await putDraft(at, { ...draft, instanceXml, extra: { ...draft.extra, ...extra }, updated_at: new Date().toISOString() });
  });
}

export async function deleteDraft(id: string): Promise<void> {
  const { db } = session();
  await inTurn(`draft:${id}`, () => db.transaction("rw", db.drafts, db.photos, async () => {
    await db.photos.where("owner").equals(id).delete();
    await db.drafts.delete(id);
  }));
  announce("drafts");
}

/** Queues the op and its photos and removes the draft, in one transaction. Gives the op's id. */
export async function submitDraft(id: string, done: FinishedVisit): Promise<string> {
  const at = session();
  const opId = await inTurn(`draft:${id}`, () => inTurn("own-work", () => submit(at, id, done)));
  announce("drafts", "outbox", "records");
  return opId;
}

async function submit(at: Session, id: string, finished: FinishedVisit): Promise<string> {
  const draft = await getDraft(id);
  if (!draft) throw new Problem("draft.missing", { detail: id });
  const done = draft.extra.corrects ? { ...finished, instanceXml: replacing(finished.instanceXml, draft.extra.corrects) } : finished;
  const photos = await photosOf(at, id);
  const used = usedNames(done.instanceXml, photos.map(({ row }) => row.name));
  const kept = photos.filter(({ row }) => used.has(row.name));
  const op = await opOf(at, draft, done, kept);
  await storeSubmission(at, draft.id, op, kept.map(({ row }) => row));
  return op.row.op_id;
}

async function opOf(at: Session, draft: Draft, done: FinishedVisit, photos: Awaited<ReturnType<typeof photosOf>>): Promise<NewOp> {
  const form = await getForm(draft.form_id, draft.version);
  const seen = seenRows(draft.snapshot);
  const writes = ownWrites(done.instanceXml, savePaths(form.xform), draft.household_id);
  const attachments = await attachmentsOf(photos, done.fixAtSave ?? null, at.install.device_key);
  const body = submissionBody(draft, done, done.entities ?? entityBases(writes, seen), attachments);
  const open = new Map((await at.db.bases.toArray()).map((base) => [base.key, base.ops]));
  const opId = uuid7();
  return makeOp(at, {
    op_id: opId, kind: "submission", body, depends_on: createdBy(writes, seen, open), title: titleOf(draft, writes),
    names: form.names, corrects: draft.extra.corrects, instance_id: done.instanceId, household_id: draft.household_id ?? madeHousehold(writes), bases: await basesWith(at, opId, writes, seen),
  });
}

/** A visit that registers a household belongs to it from the first moment. */
const madeHousehold = (writes: { dataset: string; id: string }[]): string => writes.find((write) => write.dataset === "household")?.id ?? "";

const titleOf = (draft: Draft, writes: { dataset: string; label: string | null }[]): string =>
  writes.find((write) => write.dataset === "household")?.label || draft.title;

/** The op, its photos, the bases and the end of the draft: all of it or nothing. */
async function storeSubmission(at: Session, draftId: string, op: NewOp, kept: PhotoRow[]): Promise<void> {
  const { db } = at;
  await db.transaction("rw", [db.ops, db.counters, db.bases, db.photos, db.drafts], async () => {
    await addOp(db, op);
    for (const photo of kept) await db.photos.update(photo.id, { owner: op.row.op_id, state: "pending" });
    await db.photos.where("owner").equals(draftId).delete();
    await db.drafts.delete(draftId);
  });
}
