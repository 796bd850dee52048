/** What goes to the server because its place here goes: unfinished forms as ops of kind draft, and the word that a scope was wiped. */
import { photosOf } from "./photos";
import { addOp, makeOp, type NewOp } from "./outbox";
import { handOverReply } from "./questions";
import { attachmentsOf } from "./visit";
import { announce } from "./changes";
import { getDraft } from "./drafts";
import { getForm } from "./forms";
import { uuid7 } from "./ids";
import type { Session } from "./session";
import { ifFree, inTurn } from "./turns";
import type { Draft } from "./types";

/** Of the ids that slices.ts gives: an answer to a question that was begun. */
const REPLY = "answer:";

/** Gives the drafts that stay for the next round: a form that somebody is filling just now is not pulled away, unless the
 * phone was taken out of use (`open`): then what was saved of it goes.
 */
export async function handOverDrafts(at: Session, ids: string[], open: boolean): Promise<string[]> {
  const left: string[] = [];
  for (const id of ids) {
    const work = async (): Promise<boolean> => { await (id.startsWith(REPLY) ? handOverReply(id.slice(REPLY.length)) : inTurn(`draft:${id}`, () => handOver(at, id))); return true; };
    if (!(await (open ? work() : ifFree(`form:${id}`, work)))) left.push(id);
  }
  announce("drafts", "outbox");
  return left;
}

/** The op, its photos and the end of the draft: all of it or nothing. A form without any answer has nothing to hand over. */
async function handOver(at: Session, id: string): Promise<void> {
  const draft = await getDraft(id);
  const photos = await photosOf(at, id);
  const isEmpty = !draft || (!draft.instanceXml && photos.length === 0);
  const op = isEmpty ? null : await draftOp(at, draft, photos);
  const { db } = at;
  await inTurn("own-work", () => db.transaction("rw", [db.ops, db.counters, db.bases, db.photos, db.drafts], async () => {
    if (op) {
      await addOp(db, op);
      for (const { row } of photos) await db.photos.update(row.id, { owner: op.row.op_id, state: "pending" });
    }
    await db.drafts.delete(id);
  }));
}

async function draftOp(at: Session, draft: Draft, photos: Awaited<ReturnType<typeof photosOf>>): Promise<NewOp> {
  const attachments = await attachmentsOf(photos, null, at.install.device_key);
  const names = await getForm(draft.form_id, draft.version).then((form) => form.names, () => ({}));
  const body = {
    instance_id: instanceIdOf(draft), form_id: draft.form_id, form_version: draft.version, entity_id: draft.household_id,
    instance_xml: draft.instanceXml ?? `<data id="${draft.form_id}" version="${draft.version}"/>`, saved_at: draft.updated_at, attachments,
  };
  return makeOp(at, {
    op_id: uuid7(), kind: "draft", body, depends_on: [], title: draft.title, names, instance_id: "", household_id: draft.household_id ?? "", bases: [],
  });
}

/** A form left before its first answer has no instance yet, so its draft lends its id. */
const instanceIdOf = (draft: Draft): string => /<(?:\w+:)?instanceID>([^<]+)</.exec(draft.instanceXml ?? "")?.[1] ?? `uuid:${draft.id}`;

/** One op per scope that is about to be wiped; stored in the transaction that wipes it. */
export async function makeAcks(at: Session, scopes: string[]): Promise<NewOp[]> {
  return Promise.all(scopes.map(async (scope) => {
    const count = await at.db.memberships.where("scope").equals(scope).count();
    return makeOp(at, {
      op_id: uuid7(), kind: "revocation_ack", body: { scope, count }, depends_on: [], title: "", names: {}, instance_id: "", household_id: "", bases: [],
    });
  }));
}
