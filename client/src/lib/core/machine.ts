/** PURE: the state machine of sync. `step` takes what the phone keeps, the round, and what happened; it gives the round
 * as it stands then, the changes of the store (one transaction), and the one thing to ask next.
 *
 * greet → push (unfinished forms of lost scopes first) → photos → leave lost scopes → pull → check → done.
 * Each stage goes on where the store says; so a crash, at any point, costs the request that was open, and no more.
 */
import { chooseCheck, checkEnded, takeDigest } from "./checking";
import { applyChanges } from "./apply";
import { chooseLeave, draftsToHandOver, leavingScopes, mayWipeAll, takeLeft } from "./leaving";
import { choosePull, pullAsk, takeEpoch, takePull } from "./pulling";
import { choosePush, takePush, waitingOps } from "./pushing";
import { grantedScopes, newRound, note, type Ask, type Context, type Happening, type Hello, type Round, type Step } from "./round";
import { choosePhoto, takeHave, takeUpload } from "./sending";
import type { Change, Store } from "./state";

export function begin(store: Store, context: Context): Step {
  return step(store, newRound(), { type: "begun" }, context);
}

export function step(store: Store, before: Round, event: Happening, context: Context): Step {
  const round = JSON.parse(JSON.stringify(before)) as Round;
  const taken = take(store, round, event, context);
  const chosen: Change[] = [];
  round.asked = choose(applyChanges(store, taken), round, context, chosen);
  return { round, changes: [...taken, ...chosen], ask: round.asked };
}

function take(store: Store, round: Round, event: Happening, context: Context): Change[] {
  const { asked } = round;
  if (event.type === "begun") return [];
  if (event.type === "refused" && event.code === "device.revoked" && !round.revoked) return revoke(round);
  const isEnd = (event.type === "failed" && asked.ask !== "upload") || (event.type === "refused" && event.status === 401);
  if (isEnd) {
    note(round, round.stage, event);
    round.over = true;
  }
  if (isEnd && event.type === "refused") return [];
  switch (asked.ask) {
    case "hello": return greeted(store, round, event, context);
    case "push": return takePush(store, round, asked.ops, event, context);
    case "have": return takeHave(store, round, asked.sha256, event);
    case "upload": return takeUpload(store, round, asked.photo, event);
    case "pull": return round.stage === "greet" ? [] : takePull(store, round, Object.keys(asked.body.feeds), event, context);
    case "digest": return takeDigest(store, round, asked.scope, event);
    case "hand_over": return handedOver(round, event);
    case "leave": return left(store, round, event);
    case "done": return [];
  }
}

/** From here on it only hands over: ops, photos, unfinished forms; then everything goes. */
function revoke(round: Round): Change[] {
  Object.assign(round, { revoked: true, stage: "push", handedOver: false, deferred: [], parts: [], refused: [] });
  return [];
}

function greeted(store: Store, round: Round, event: Happening, context: Context): Change[] {
  if (event.type !== "answered") {
    if (event.type === "refused") note(round, "greet", event);
    return [];
  }
  const hello = event.body as Hello | null;
  if (!hello || typeof hello.epoch !== "string" || !Array.isArray(hello.feeds)) {
    note(round, "greet", { code: "answer.unreadable" });
    return [];
  }
  round.hello = hello;
  round.limits = { ...round.limits, ...hello.limits };
  round.minimum_app_build = hello.minimum_app_build ?? null;
  // Nobody who works has no feed at all: a pull of nothing tells whether this device was taken out of use.
  if (grantedScopes(round).length > 0 || round.probed) round.stage = "push";
  return takeEpoch(store, round, hello.epoch, context);
}

function handedOver(round: Round, event: Happening): Change[] {
  round.handedOver = true;
  round.openDrafts = event.type === "handed_over" ? event.left : [];
  return [];
}

function left(store: Store, round: Round, event: Happening): Change[] {
  if (event.type !== "left") return [];
  round.stage = "push";
  return takeLeft(store, round, event.acks);
}

/** The line is gone, the token has ended, or the server did not even greet. */
const isOver = (round: Round): boolean => round.over || round.problems.some(({ stage }) => stage === "greet");

/** What to ask next. Each stage hands on to the following one when it has nothing left to ask. */
function choose(store: Store, round: Round, context: Context, changes: Change[]): Ask {
  if (isOver(round)) return ended(store, round, context, changes);
  switch (round.stage) {
    case "greet": return greet(store, round, context, changes);
    case "push": return pushing(store, round, context, changes);
    case "photos": return sending(store, round, context, changes);
    case "pull": return pulling(store, round, context, changes);
    case "check": return checking(store, round, context, changes);
  }
}

function greet(store: Store, round: Round, context: Context, changes: Change[]): Ask {
  if (round.hello && !round.probed) {
    round.probed = true;
    return { ask: "pull", body: { limit: 1, feeds: {} } };
  }
  if (round.hello) {
    round.stage = "push";
    return choose(store, round, context, changes);
  }
  round.greetings += 1;
  const waiting = waitingOps(store);
  const feeds = Object.fromEntries([...store.feeds.values()].map(({ scope, after, view }) => [scope, { after, view }]));
  return { ask: "hello", body: { feeds, outbox: { count: waiting.length, oldest: waiting[0]?.created_at ?? null } } };
}

function pushing(store: Store, round: Round, context: Context, changes: Change[]): Ask {
  const drafts = round.handedOver ? [] : draftsToHandOver(store, round);
  if (drafts.length > 0) return { ask: "hand_over", drafts, open: round.revoked };
  const next = choosePush(store, round);
  if (next) {
    changes.push(...next.changes);
    return { ask: "push", ops: next.ops };
  }
  if (store.server.resend && !round.pushBroke) changes.push({ do: "server", set: { resend: false } });
  round.stage = "photos";
  return choose(store, round, context, changes);
}

function sending(store: Store, round: Round, context: Context, changes: Change[]): Ask {
  const next = choosePhoto(store, round, context, mayWait(store, round, context));
  if (next && "have" in next) return { ask: "have", sha256: next.have };
  if (next) {
    changes.push(...next.changes);
    return { ask: "upload", photo: next.upload.id };
  }
  const scopes = chooseLeave(store, round);
  if (scopes) return { ask: "leave", scopes };
  round.stage = "pull";
  return choose(store, round, context, changes);
}

/** What is taken away, or a phone that goes, waits for no better line. */
function mayWait(store: Store, round: Round, { photosWait }: Context): boolean {
  return photosWait === true && !round.revoked && leavingScopes(store, round).length === 0;
}

function pulling(store: Store, round: Round, context: Context, changes: Change[]): Ask {
  // After a restore nothing is pulled before what may be lost has gone again: this phone's own work would vanish from its pages.
  if (round.revoked || (store.server.resend && round.pushBroke)) return ended(store, round, context, changes);
  const feeds = choosePull(store, round);
  if (feeds.length > 0) return pullAsk(store, feeds);
  // A scope that went while it was pulled is left like any other.
  round.stage = !round.leftLate && leavingScopes(store, round).length > 0 ? "push" : "check";
  if (round.stage === "push") Object.assign(round, { leftLate: true, handedOver: false });
  return choose(store, round, context, changes);
}

function checking(store: Store, round: Round, context: Context, changes: Change[]): Ask {
  const scope = chooseCheck(store, round, context);
  return scope ? { ask: "digest", scope } : ended(store, round, context, changes);
}

function ended(store: Store, round: Round, context: Context, changes: Change[]): Ask {
  const waiting = waitingOps(store);
  const failed = round.problems.length > 0;
  round.pushed.left = waiting.filter((op) => failed || round.deferred.includes(op.op_id)).length;
  changes.push(...checkEnded(round, context));
  return { ask: "done", wipe: mayWipeAll(store, round) };
}
