/** Does what the core asks: requests to the server, photos, and what only the sealed store can do. Gives what came of it. */
import { getJson, postJson } from "./api";
import { anchorAt } from "./clock";
import type { Ask, Happening, Hello } from "./core/round";
import { handOverDrafts, makeAcks } from "./handing-over";
import { wireOp, type NewOp } from "./outbox";
import { isNetwork, Problem } from "./problem";
import { keepAccount, type Session } from "./session";
import type { Op } from "./types";
import { uploadPhoto, type SendFile } from "./uploads";

const PULL_TIMEOUT_MS = 120_000;

export interface Asking { at: Session; sendFile: SendFile; onBytes: (offset: number) => void; acks: Map<string, NewOp> }

/** A refusal and a lost answer are things that happen; anything else is a fault of ours and ends the round. */
export async function perform(asking: Asking, ask: Ask): Promise<Happening> {
  try {
    return await doAsk(asking, ask);
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause;
    if (isNetwork(cause) || cause.code === "answer.unreadable") return { type: "failed", code: cause.code, detail: cause.detail };
    return { type: "refused", status: cause.status, code: cause.code, detail: cause.detail, words: cause.words, retryAfter: cause.retryAfter };
  }
}

async function doAsk({ at, sendFile, onBytes, acks }: Asking, ask: Ask): Promise<Happening> {
  const call = { token: at.account.token };
  const install_id = at.install.install_id;
  switch (ask.ask) {
    case "hello": return greet(at, ask.body);
    case "push": return answered(await postJson("/sync/push", { ops: await wireOps(at, ask.ops) }, call));
    case "have": return answered(await postJson("/blobs/have", { sha256: ask.sha256 }, call));
    case "pull": return answered(await postJson("/sync/pull", { install_id, ...ask.body }, { ...call, timeoutMs: PULL_TIMEOUT_MS }));
    case "digest": return answered(await getJson(`/sync/digest?scope=${encodeURIComponent(ask.scope)}`, { ...call, timeoutMs: PULL_TIMEOUT_MS }));
    case "upload": return answered(await uploadPhoto(at, ask.photo, sendFile, onBytes));
    case "hand_over": return { type: "handed_over", left: await handOverDrafts(at, ask.drafts, ask.open) };
    case "leave": return prepareAcks(at, ask.scopes, acks);
    case "done": throw new Error("A round that is done asks nothing");
  }
}

const answered = (body: unknown): Happening => ({ type: "answered", body });

async function greet(at: Session, body: object): Promise<Happening> {
  const hello = await postJson<Hello>("/sync/hello", { install_id: at.install.install_id, app_build: __APP_BUILD__, device_time: new Date().toISOString(), ...body }, { token: at.account.token });
  at.account.clock = anchorAt(hello.server_time);
  await keepAccount(at);
  return answered(hello);
}

async function wireOps(at: Session, ids: string[]): Promise<Op[]> {
  const rows = await at.db.ops.where("op_id").anyOf(ids).sortBy("seq");
  return Promise.all(rows.map((row) => wireOp(at, row)));
}

async function prepareAcks(at: Session, scopes: string[], acks: Map<string, NewOp>): Promise<Happening> {
  const made = await makeAcks(at, scopes);
  made.forEach((op) => acks.set(op.row.op_id, op));
  return { type: "left", acks: made.map((op, place) => ({ scope: scopes[place] as string, op_id: op.row.op_id })) };
}
