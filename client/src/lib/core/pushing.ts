/** PURE: handing over ops. Every op gets its own outcome, and none holds up its neighbours. */
import type { OpResult } from "../types";
import { baseAfter, FIRST_TARGET, nextBatch, nextTarget, outcomeOf, type Outcome } from "./ops";
import { note, type Context, type Happening, type Round } from "./round";
import type { BaseMeta, Change, OpMeta, Store } from "./state";

export interface PushAnswer { results: OpResult[]; acked_seq?: number }

/** Who answers 500, or refuses without a code, and does not say which op it is about is asked so often in one round, in ever smaller parts. */
const MOST_FAULTS = 12;

export const waitingOps = (store: Store): OpMeta[] => store.ops.filter((op) => op.state === "queued").sort((a, b) => a.seq - b.seq);

const targetOf = (store: Store): number => store.server.push_bytes || FIRST_TARGET;

/** Next thing to push, null when nothing is left for this round. */
export function choosePush(store: Store, round: Round): { ops: string[]; changes: Change[] } | null {
  if (store.server.resend && !round.acksAsked) {
    round.acksAsked = true;
    return { ops: [], changes: [] };
  }
  const waiting = waitingOps(store).filter((op) => !round.deferred.includes(op.op_id));
  if (round.pushed.sent === 0 && round.parts.length === 0) measure(round, waiting);
  const part = round.parts.shift();
  const batch = part ? waiting.filter((op) => part.includes(op.op_id)) : nextBatch(waiting, round.limits, targetOf(store));
  if (batch.length === 0 && part) return choosePush(store, round);
  if (batch.length === 0) return null;
  return { ops: batch.map((op) => op.op_id), changes: batch.map((op): Change => ({ do: "op", seq: op.seq, set: { tries: op.tries + 1 } })) };
}

function measure(round: Round, waiting: OpMeta[]): void {
  round.total.ops = waiting.length;
  round.total.opBytes = waiting.reduce((sum, op) => sum + op.size, 0);
}

/** What an answer (or its absence) to a push means. */
export function takePush(store: Store, round: Round, ops: string[], event: Happening, context: Context): Change[] {
  const batch = ops.map((id) => store.ops.find((op) => op.op_id === id)).filter((op): op is OpMeta => op !== undefined);
  if (event.type === "answered") return answered(store, round, batch, event.body, context);
  const smaller: Change = { do: "server", set: { push_bytes: nextTarget(targetOf(store), false, round.limits) } };
  if (event.type !== "refused") return batch.length > 0 ? [smaller] : [];
  return refused(store, round, batch, event, context);
}

function answered(store: Store, round: Round, batch: OpMeta[], body: unknown, context: Context): Change[] {
  const { results, acked_seq } = (body ?? {}) as PushAnswer;
  if (!Array.isArray(results)) {
    note(round, "push", { code: "answer.unreadable" });
    round.pushBroke = true;
    round.deferred.push(...batch.map((op) => op.op_id));
    return [];
  }
  if (batch.length === 0) return resend(store, round, acked_seq ?? 0);
  const told = resultsByOp(batch, results);
  // An op without a result is asked again in the next round: its neighbours' answers stand.
  const untold = batch.filter((op) => !told.has(op.op_id)).map((op) => op.op_id);
  round.deferred.push(...untold);
  round.pushBroke ||= untold.length > 0;
  const grown = { push_bytes: nextTarget(targetOf(store), true, round.limits), ...(acked_seq === undefined ? {} : { acked_seq }) };
  return [{ do: "server", set: grown }, ...storeResults(store, round, batch, told, context)];
}

/** Results come in the order sent; that of an unreadable op names no op of ours, so its place does. */
function resultsByOp(batch: OpMeta[], results: OpResult[]): Map<string, { result: OpResult; place: number }> {
  const ours = new Set(batch.map((op) => op.op_id));
  const told = new Map<string, { result: OpResult; place: number }>();
  results.forEach((result, place) => {
    if (typeof result?.status !== "string") return;
    const id = ours.has(result.op_id) ? result.op_id : result.status === "unreadable" ? batch[place]?.op_id : undefined;
    if (id) told.set(id, { result, place });
  });
  return told;
}

function storeResults(store: Store, round: Round, batch: OpMeta[], told: Map<string, { result: OpResult; place: number }>, context: Context): Change[] {
  const bases = new Map(store.bases);
  const changes: Change[] = [];
  for (const op of batch) {
    const answer = told.get(op.op_id);
    if (!answer) continue;
    const outcome = outcomeOf(answer.result);
    count(round, op, outcome);
    changes.push({ do: "op", seq: op.seq, set: { state: outcome.state, status: outcome.status, code: outcome.code, answered_at: new Date(context.now).toISOString() }, answer: answer.place });
    settleBases(bases, op, outcome);
    for (const photo of store.photos) if (photo.owner === op.op_id && photo.kept && outcome.missing.includes(photo.sha256)) changes.push({ do: "photo", id: photo.id, set: { state: "pending" } });
  }
  return [...changes, ...changed(store, bases)];
}

const changed = (store: Store, bases: Map<string, BaseMeta>): Change[] =>
  [...bases].filter(([key, row]) => row !== store.bases.get(key)).map(([, row]) => ({ do: "base", row }));

/** What goes again is open again, before what was written after it. */
function reopen(bases: Map<string, BaseMeta>, op: OpMeta): void {
  for (const key of op.records) {
    const base = bases.get(key);
    if (base && !base.ops.includes(op.op_id)) bases.set(key, { ...base, ops: [op.op_id, ...base.ops], dropped: base.dropped.filter((id) => id !== op.op_id) });
  }
}

function settleBases(bases: Map<string, BaseMeta>, op: OpMeta, outcome: Outcome): void {
  for (const key of op.records) {
    const base = bases.get(key);
    if (base) bases.set(key, baseAfter(base, op.op_id, outcome));
  }
}

function count(round: Round, op: OpMeta, outcome: Outcome): void {
  round.pushed.sent += 1;
  round.opBytes += op.size;
  if (outcome.state === "settled") round.pushed.accepted += 1;
  if (outcome.state === "held") round.pushed.held += 1;
  if (outcome.state === "stuck") round.pushed.needs_you += 1;
}

/** A restored server says how far it has this install's ops. What it once answered for beyond that goes again, photos too:
 * for what it has after all it says duplicate, and blobs/have.
 */
function resend(store: Store, round: Round, acked: number): Change[] {
  const lost = store.ops.filter((op) => op.seq > acked && op.state !== "queued" && op.status !== "");
  round.resent += lost.length;
  const again = lost.map((op): Change => ({ do: "op", seq: op.seq, set: { state: "queued", status: "", code: "", answered_at: "" } }));
  const bases = new Map(store.bases);
  for (const op of [...lost].sort((a, b) => b.seq - a.seq)) reopen(bases, op);
  const answeredFor = new Set(store.ops.map((op) => op.op_id));
  const photos = store.photos.filter((photo) => photo.state === "sent" && photo.kept && answeredFor.has(photo.owner));
  return [...again, ...changed(store, bases), ...photos.map((photo): Change => ({ do: "photo", id: photo.id, set: { state: "pending", offset: 0 } })), { do: "server", set: { acked_seq: acked } }];
}

/** What stands between phone and server (a gateway, a firewall, the page of a hotel) refuses without a code of ours. */
const isStrange = ({ code }: { code: string }): boolean => code.startsWith("http.");

/** 400, 413 and 422 are about this envelope; 500, or a stranger's word, perhaps about one op in it: both are looked for by halving.
 * What the server will not take in any envelope stays here, and a person must look; what it fails on, or a stranger keeps
 * from it, waits for the next round.
 */
function refused(store: Store, round: Round, batch: OpMeta[], event: { status: number; code: string; detail?: string; retryAfter?: number | null }, context: Context): Change[] {
  const isEnvelope = event.status === 413 || (!isStrange(event) && [400, 422].includes(event.status));
  const isFault = (event.status === 500 || (isStrange(event) && [400, 403, 406, 422].includes(event.status))) && ++round.faults <= MOST_FAULTS;
  const [only] = batch;
  if (!only || (!isEnvelope && !isFault)) {
    note(round, "push", event);
    round.pushBroke = true;
    round.deferred.push(...waitingOps(store).map((op) => op.op_id));
    return [];
  }
  if (batch.length > 1) {
    const half = Math.ceil(batch.length / 2);
    round.parts.unshift(batch.slice(0, half).map((op) => op.op_id), batch.slice(half).map((op) => op.op_id));
    return [];
  }
  if (isFault) {
    note(round, "push", event);
    round.deferred.push(only.op_id);
    return [];
  }
  count(round, only, { ...outcomeOf({ op_id: only.op_id, status: "unreadable", entities: [], missing_attachments: [] }) });
  return [{ do: "op", seq: only.seq, set: { state: "stuck", code: event.code, answered_at: new Date(context.now).toISOString() } }];
}
