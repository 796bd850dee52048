/** Questions that came back from the office, and their answers: found, read, answered offline, sent like a visit. */
import { getJson, getResponse } from "./api";
import { cacheKey, openCached, sealCached } from "./cache";
import { announce } from "./changes";
import type { Labels } from "./definitions";
import { getForm } from "./forms";
import { uuid7 } from "./ids";
import { addOp, listOutbox, makeOp, openOp, type NewOp, type OutboxItem } from "./outbox";
import { readPhotos } from "./photo-rows";
import { openPhoto, photosOf } from "./photos";
import { Problem } from "./problem";
import { getRecord, listQuestions } from "./records";
import { session, type Session } from "./session";
import { inTurn } from "./turns";
import type { Fix, QuestionEntry, SubmissionBody } from "./types";
import { attachmentsOf } from "./visit";
import { answerAt, answerWords, questionWords } from "./xform-words";

export interface OpenQuestion extends QuestionEntry {
  household_id: string; title: string;
  /** The own answer, on its way. */
  answer: OutboxItem | null;
  read: boolean;
}

/** Photos of an answer that is being written have this owner. */
export const ownerOf = (questionId: string): string => `question:${questionId}`;

/** Unanswered ones first, then the older ones first: somebody waits for them. */
export async function openQuestions(outbox?: OutboxItem[]): Promise<OpenQuestion[]> {
  const at = session();
  const entries = await listQuestions();
  if (entries.length === 0) return []; // on most days: then no visit need be opened
  const items = outbox ?? (await listOutbox());
  const read = new Set((await at.db.cache.where("key").startsWith(seenKey("")).toArray()).map((row) => row.key));
  const all = await Promise.all(entries.map((entry) => withAnswer(entry, items, read)));
  return all.sort((a, b) => Number(a.answer !== null) - Number(b.answer !== null) || ((a.asked_at ?? "") < (b.asked_at ?? "") ? -1 : 1));
}

async function withAnswer(entry: QuestionEntry, items: OutboxItem[], read: Set<string>): Promise<OpenQuestion> {
  const asked = items.find((item) => item.instance_id === entry.instance_id && item.kind === "submission");
  const household_id = entry.entity_id ?? asked?.household_id ?? "";
  const household = household_id ? await getRecord("household", household_id) : undefined;
  const answer = items.find((item) => item.reply?.question_id === entry.id && item.state !== "needs_you") ?? null;
  return { ...entry, household_id, title: String(household?.data["head_name"] ?? household?.label ?? asked?.title ?? ""), answer, read: read.has(seenKey(entry.id)) };
}

const seenKey = (id: string): string => cacheKey("seen", id);
const answerKey = (id: string): string => cacheKey("answer", id);

async function putCache(at: Session, key: string, content: unknown): Promise<void> {
  await at.db.cache.put(await sealCached(at, key, content));
}

export async function markRead(questionId: string): Promise<void> {
  const at = session();
  if (await at.db.cache.get(seenKey(questionId))) return;
  await putCache(at, seenKey(questionId), true);
  announce("records");
}

/** What was typed so far: a killed tab loses none of it. */
export const keepReply = (questionId: string, text: string): Promise<void> => inTurn(`answer:${questionId}`, () => putCache(session(), answerKey(questionId), text));

export async function keptReply(questionId: string): Promise<string> {
  const at = session();
  const row = await at.db.cache.get(answerKey(questionId));
  return row ? openCached<string>(at, row) : "";
}

/** Queues the answer with its photos; the text alone or photos alone will do. Gives the op's id. */
export async function sendAnswer(question: OpenQuestion, text: string, fix: Fix | null = null): Promise<string> {
  const at = session();
  const opId = await inTurn(`answer:${question.id}`, () => inTurn("own-work", () => queueAnswer(at, question, text.trim(), fix)));
  announce("outbox", "records");
  return opId;
}

async function queueAnswer(at: Session, question: OpenQuestion, text: string, fix: Fix | null): Promise<string> {
  const photos = await photosOf(at, ownerOf(question.id));
  if (text === "" && photos.length === 0) throw new Problem("answer.empty");
  const body = { question_id: question.id, text, attachments: await attachmentsOf(photos, fix, at.install.device_key) };
  const op = await makeOp(at, {
    op_id: uuid7(), kind: "answer", body, depends_on: [], title: question.title, names: {}, asked: question.text, instance_id: "", household_id: question.household_id, bases: [],
  });
  await storeAnswer(at, question.id, op, photos.map(({ row }) => row.id));
  return op.row.op_id;
}

/** A phone is taken out of use: what was written so far goes as it is, and a person decides about it. */
export async function handOverReply(questionId: string): Promise<void> {
  const at = session();
  const question = (await openQuestions()).find(({ id }) => id === questionId) ?? null;
  const text = await keptReply(questionId);
  const begun = text.trim() !== "" || (await photosOf(at, ownerOf(questionId))).length > 0;
  if (question && begun) return void (await sendAnswer(question, text));
  await at.db.transaction("rw", [at.db.cache, at.db.photos], async () => {
    await at.db.cache.delete(answerKey(questionId));
    await at.db.photos.where("owner").equals(ownerOf(questionId)).delete();
  });
}

/** The op, its photos and the end of what was being written: all of it or nothing. */
async function storeAnswer(at: Session, questionId: string, op: NewOp, photos: string[]): Promise<void> {
  const { db } = at;
  await db.transaction("rw", [db.ops, db.counters, db.bases, db.photos, db.cache], async () => {
    await addOp(db, op);
    for (const id of photos) await db.photos.update(id, { owner: op.row.op_id, state: "pending" });
    await db.cache.delete(answerKey(questionId));
  });
}

/** What a question is about: an answer in the words of its form, or a photo. */
export interface AskedAbout { label: Labels; answer: Labels; photo: Blob | null }

/** From the own visit on this phone; what is no longer here is asked for, and null where neither has it. */
export async function askedAbout(question: QuestionEntry): Promise<AskedAbout | null> {
  if (question.attachment_id) {
    const photo = await photoAsked(question);
    return photo && { label: {}, answer: {}, photo };
  }
  if (!question.path) return null;
  return (await ownAnswer(question.instance_id, question.path)) ?? (await toldAnswer(question.instance_id, question.path));
}

async function ownAnswer(instanceId: string, path: string): Promise<AskedAbout | null> {
  const at = session();
  const row = await at.db.ops.where("instance_id").equals(instanceId).first();
  if (!row) return null;
  const visit = (await openOp(at, row)).fields as unknown as SubmissionBody;
  const form = await getForm(visit.form_id, visit.form_version).catch(() => null);
  const words = form && questionWords(form.xform, path);
  return words && { label: words.label, answer: answerWords(words, answerAt(visit.instance_xml, path)), photo: null };
}

interface ToldAnswer { path?: string; position_path?: string; labels?: Labels; value?: string | null; display?: Labels }

async function toldAnswer(instanceId: string, path: string): Promise<AskedAbout | null> {
  const told = await getJson<{ answers?: ToldAnswer[] }>(`/submissions/${encodeURIComponent(instanceId)}`, { token: session().account.token }).catch(offline);
  const found = told?.answers?.find((one) => one.position_path === path || one.path === path);
  return found ? { label: found.labels ?? {}, answer: found.display ?? { zh: found.value ?? "", en: found.value ?? "" }, photo: null } : null;
}

async function photoAsked(question: QuestionEntry): Promise<Blob | null> {
  const at = session();
  const hash = question.attachment?.sha256;
  for (const row of hash ? await readPhotos(at.db, at.db.photos.where("sha256").equals(hash)) : []) {
    const photo = await openPhoto(at, row);
    if (photo) return photo;
  }
  const answer = await getResponse(`/photos/${question.attachment_id}?size=1280`, { token: at.account.token }).catch(offline);
  return answer ? answer.blob() : null;
}

/** Without a network there is nothing more to show; the question can be answered all the same. */
function offline(cause: unknown): null {
  if (cause instanceof Problem) return null;
  throw cause;
}
