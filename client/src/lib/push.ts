/** Hands over waiting ops, batch by batch; every op gets its own outcome, and none holds up its neighbours. */
import { postJson } from "./api";
import { announce } from "./changes";
import type { OpRow } from "./database";
import { FIRST_TARGET, nextBatch, nextTarget, type Outcome, type PushLimits } from "./ops";
import { setAside, storeResults, waitingOps, wireOp } from "./outbox";
import { isNetwork, Problem } from "./problem";
import type { Session } from "./session";
import { inTurn } from "./turns";
import type { OpResult } from "./types";

export interface PushCount { sent: number; accepted: number; held: number; needs_you: number; left: number }
type Progress = (done: number, total: number, bytes?: number, bytesTotal?: number) => void;
interface PushAnswer { results: OpResult[]; acked_seq: number }

export async function pushOps(at: Session, limits: PushLimits, progress: Progress): Promise<PushCount> {
  const count: PushCount = { sent: 0, accepted: 0, held: 0, needs_you: 0, left: 0 };
  const all = await waitingOps(at.db);
  const bytesTotal = all.reduce((sum, op) => sum + op.size, 0);
  let waiting = all;
  let bytes = 0;
  while (waiting.length > 0) {
    const batch = nextBatch(waiting, limits, await targetOf(at));
    const outcomes = await pushBatch(at, batch, limits);
    bytes += batch.reduce((sum, op) => sum + op.size, 0);
    addUp(count, outcomes);
    progress(count.sent, all.length, bytes, bytesTotal);
    announce("outbox");
    const done = new Set(batch.map((op) => op.op_id));
    waiting = waiting.filter((op) => !done.has(op.op_id));
  }
  count.left = (await waitingOps(at.db)).length;
  return count;
}

const targetOf = async (at: Session): Promise<number> => (await at.db.counters.get("push-bytes"))?.value ?? FIRST_TARGET;

/** One push. What is wrong with the envelope is looked for by halving it, until the one op is found and set aside. */
async function pushBatch(at: Session, batch: OpRow[], limits: PushLimits): Promise<Outcome[]> {
  const target = await targetOf(at);
  await at.db.ops.where("seq").anyOf(batch.map((op) => op.seq)).modify((op: OpRow) => { op.tries += 1; });
  try {
    const ops = await Promise.all(batch.map((row) => wireOp(at, row)));
    const answer = await postJson<PushAnswer>("/sync/push", { ops }, { token: at.account.token });
    await at.db.counters.put({ name: "push-bytes", value: nextTarget(target, true, limits) });
    return await inTurn("own-work", () => storeResults(at, inOrder(batch, answer.results)));
  } catch (cause) {
    if (isNetwork(cause)) await at.db.counters.put({ name: "push-bytes", value: nextTarget(target, false, limits) });
    return refused(at, batch, limits, cause);
  }
}

/** Results come in the order sent; that of an unreadable op names no op, so its place does. */
function inOrder(batch: OpRow[], results: OpResult[]): OpResult[] {
  return results.flatMap((result, place) => {
    const op = batch[place];
    return op ? [{ ...result, op_id: op.op_id }] : [];
  });
}

/** 400, 413 and 422 are about this envelope; anything else is about the line, the person or the server. */
async function refused(at: Session, batch: OpRow[], limits: PushLimits, cause: unknown): Promise<Outcome[]> {
  if (!(cause instanceof Problem) || ![400, 413, 422].includes(cause.status)) throw cause;
  const [only] = batch;
  if (batch.length === 1 && only) {
    await setAside(at, only, cause.code);
    return [{ state: "stuck", status: "unreadable", code: cause.code, detail: cause.detail, versions: {}, missing: [], findings: [] }];
  }
  const half = Math.ceil(batch.length / 2);
  return [...(await pushBatch(at, batch.slice(0, half), limits)), ...(await pushBatch(at, batch.slice(half), limits))];
}

function addUp(count: PushCount, outcomes: Outcome[]): void {
  count.sent += outcomes.length;
  count.accepted += outcomes.filter((outcome) => outcome.state === "settled").length;
  count.held += outcomes.filter((outcome) => outcome.state === "held").length;
  count.needs_you += outcomes.filter((outcome) => outcome.state === "stuck").length;
}
