/** The outbox: ops with their place in the install's order, and what became of them. */
import { utf8 } from "./bytes";
import type { BaseRow, OpRow, PhoneDatabase, PhotoRow } from "./database";
import { announce } from "./changes";
import { describeClock } from "./clock";
import { outboxState, outcomeOf } from "./core/ops";
import { readPhotos } from "./photo-rows";
import { listReviews } from "./records";
import { session, type Session } from "./session";
import { inTurn } from "./turns";
import type { Finding, Op, OpResult, OutboxState, ReviewEntry } from "./types";
import { open, seal, type Sealed } from "./vault";
import { wholeRows } from "./whole-rows";

/** What is sealed of an op: all but its place in the order, which is given when it is stored. */
export interface SealedOp {
  fields: Omit<Op, "seq" | "install_id">; title: string; names: { zh?: string; en?: string }; detail: string;
  /** Instance that this one corrects. */
  corrects?: string;
  /** What the server asks to look at again, and whether the worker has. */
  findings?: Finding[]; checked?: boolean;
  /** The question that this op answers, in the asker's words. */
  asked?: string;
}

export interface OpDraft {
  op_id: string; kind: string; body: object; depends_on: string[]; title: string; names: { zh?: string; en?: string }; corrects?: string | undefined; asked?: string;
  instance_id: string; household_id: string; bases: BaseRow[];
}
export interface NewOp { row: Omit<OpRow, "seq">; bases: BaseRow[] }

/** Room for the envelope around an op's body, bytes. */
const ENVELOPE = 600;

export async function makeOp(at: Session, draft: OpDraft): Promise<NewOp> {
  const now = new Date().toISOString();
  const envelope = { op_id: draft.op_id, kind: draft.kind, device_time: now, clock: describeClock(at.account.clock), depends_on: draft.depends_on };
  const content: SealedOp = { fields: { ...envelope, ...draft.body }, title: draft.title, names: draft.names, detail: "", ...(draft.corrects ? { corrects: draft.corrects } : {}), ...(draft.asked ? { asked: draft.asked } : {}) };
  const row: Omit<OpRow, "seq"> = {
    op_id: draft.op_id, kind: draft.kind, instance_id: draft.instance_id, household_id: draft.household_id, state: "queued", status: "", code: "",
    tries: 0, created_at: now, answered_at: "", size: utf8(JSON.stringify(draft.body)).length + ENVELOPE, records: draft.bases.map((base) => base.key),
    sealed: await seal(at.key, `ops:${draft.op_id}`, content),
  };
  return { row, bases: draft.bases };
}

/** Gives the op the next seq (from 1, without gaps). Inside the caller's transaction, so that a failure takes no number. */
export async function addOp(db: PhoneDatabase, op: NewOp): Promise<void> {
  const last = (await db.counters.get("seq"))?.value ?? 0;
  await db.counters.put({ name: "seq", value: last + 1 });
  await db.ops.add({ ...op.row, seq: last + 1 });
  await db.bases.bulkPut(op.bases);
}

export const openOp = (at: Session, row: OpRow): Promise<SealedOp> => open<SealedOp>(at.key, `ops:${row.op_id}`, row.sealed);

/** The op as it goes over the wire; the same bytes of content at every try. */
export async function wireOp(at: Session, row: OpRow): Promise<Op> {
  const { fields } = await openOp(at, row);
  return { ...fields, install_id: at.install.install_id, seq: row.seq } as Op;
}

/** The server's sentences may name people: they are sealed with the op. By their place in the results. */
export async function sealAnswers(at: Session, opIds: string[], results: OpResult[]): Promise<Map<number, Sealed>> {
  const sealed = new Map<number, Sealed>();
  for (const [place, result] of results.entries()) {
    const { detail, findings } = outcomeOf(result);
    const row = detail || findings.length > 0 ? await at.db.ops.where("op_id").equals(opIds.includes(result.op_id) ? result.op_id : (opIds[place] ?? "")).first() : undefined;
    if (row) sealed.set(place, await seal(at.key, `ops:${row.op_id}`, { ...(await openOp(at, row)), detail, findings }));
  }
  return sealed;
}

/** What the server never took goes again under the same number: a line or a server that was at fault may be mended. */
export async function sendAgain(opId: string): Promise<void> {
  const { db } = session();
  await inTurn("own-work", () => db.transaction("rw", db.ops, db.bases, async () => {
    const row = await db.ops.where("op_id").equals(opId).first();
    if (!row || !isNeverTaken(row)) return;
    await db.ops.update(row.seq, { state: "queued", status: "", code: "" });
    for (const base of await db.bases.bulkGet(row.records)) {
      if (base?.dropped.includes(opId)) await db.bases.update(base.key, { ops: [...base.ops, opId], dropped: base.dropped.filter((id) => id !== opId) });
    }
  }));
  announce("outbox", "records");
}

/** Set aside here because no envelope with it went through: the server has not stored it. */
export const isNeverTaken = ({ state, status }: { state: string; status: string }): boolean => ["stuck", "needs_you"].includes(state) && ["", "unreadable"].includes(status);

/** The worker has looked at what was asked and leaves it as it is. */
export async function markChecked(opId: string): Promise<void> {
  const at = session();
  await inTurn("own-work", async () => {
    const row = await at.db.ops.where("op_id").equals(opId).first();
    if (row) await at.db.ops.update(row.seq, { sealed: await seal(at.key, `ops:${opId}`, { ...(await openOp(at, row)), checked: true }) });
  });
  announce("outbox");
}

/** One line of the outbox page. */
export interface OutboxItem {
  op_id: string; seq: number; kind: string; title: string; names: { zh?: string; en?: string }; instance_id: string; household_id: string;
  created_at: string; state: OutboxState; status: string; code: string; detail: string; tries: number; size: number;
  photos: { total: number; sent: number; dots: { id: string; sha256: string; size: number; sent: boolean; share: number }[] };
  review: ReviewEntry | null;
  /** What the server asks to look at again; empty once the worker has looked, or sent a correction. */
  findings: Finding[];
  corrects: string;
  /** Of an answer: which question it answers, how that was asked, and what was said. */
  reply: Reply | null;
  /** Of a step on a finding: which one, and what was said. */
  step: { finding_id: string; step: string; text: string } | null;
  /** Of a decision: the conflict that it settles; else "". */
  decides: string;
}

export interface Reply { question_id: string; asked: string; text: string }

/** Newest first. */
export async function listOutbox(): Promise<OutboxItem[]> {
  const at = session();
  const reviews = new Map((await listReviews()).map((review) => [review.instance_id, review]));
  const rows = (await wholeRows(at.db.ops, await at.db.ops.orderBy("seq").reverse().primaryKeys())).filter((row) => row.kind !== "revocation_ack");
  const items = await Promise.all(rows.map(async (row) => itemOf(at, row, await readPhotos(at.db, at.db.photos.where("owner").equals(row.op_id)), reviews.get(row.instance_id) ?? null)));
  const corrected = new Set(items.map((item) => item.corrects));
  return items.map((item) => (corrected.has(item.instance_id) ? { ...item, findings: [] } : item));
}

const isSentBack = (review: ReviewEntry | null): boolean => review?.state === "has_issues" || review?.state === "rejected";

async function itemOf(at: Session, row: OpRow, photos: PhotoRow[], review: ReviewEntry | null): Promise<OutboxItem> {
  const { title, names, detail, corrects = "", findings = [], checked = false, asked = "", fields } = await openOp(at, row);
  const dots = photos.map((photo) => ({ id: photo.id, sha256: photo.sha256, size: photo.size, sent: photo.state === "sent", share: photo.size > 0 ? photo.offset / photo.size : 0 }));
  const counts = { total: dots.length, sent: dots.filter((dot) => dot.sent).length };
  return {
    op_id: row.op_id, seq: row.seq, kind: row.kind, title, names, instance_id: row.instance_id, household_id: row.household_id, created_at: row.created_at,
    state: outboxState(row, counts, isSentBack(review)), status: row.status, code: row.code, detail, tries: row.tries, size: row.size, photos: { ...counts, dots }, review,
    findings: checked ? [] : findings, corrects,
    reply: row.kind === "answer" ? { question_id: String(fields["question_id"]), asked, text: String(fields["text"]) } : null,
    step: row.kind === "finding_step" ? { finding_id: String(fields["finding_id"]), step: String(fields["step"]), text: String(fields["text"]) } : null,
    decides: row.kind === "resolution" ? String(fields["conflict_id"]) : "",
  };
}

export interface OutboxCounts { saved: number; sent: number; accepted: number; needs_you: number; photosLeft: number }

export async function countOutbox(): Promise<OutboxCounts> {
  const counts: OutboxCounts = { saved: 0, sent: 0, accepted: 0, needs_you: 0, photosLeft: 0 };
  for (const item of await listOutbox()) {
    counts[item.state] += 1;
    counts.photosLeft += item.photos.total - item.photos.sent;
  }
  return counts;
}
