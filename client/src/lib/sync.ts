/** One round with the server, as one function that reads like a paragraph and gives one result. */
import { postJson } from "./api";
import { announce } from "./changes";
import { anchorAt } from "./clock";
import { fetchDefinitions } from "./definitions";
import { fetchForms } from "./forms";
import { DEFAULT_LIMITS, type PushLimits } from "./ops";
import { asProblem, isNetwork, type Problem } from "./problem";
import { pullFeeds, type PullCount } from "./pull";
import { pushOps, type PushCount } from "./push";
import { fetchRules } from "./rules";
import { keepAccount, session, type Session } from "./session";
import { refreshUser } from "./sign-in";
import { tidy } from "./tidy";
import { ifFree } from "./turns";
import { sendByTus, uploadPhotos, type SendFile, type UploadCount } from "./uploads";

export type SyncStage = "greet" | "push" | "photos" | "pull" | "forms";
export interface SyncProgress { stage: SyncStage; done: number; total: number; bytes: number; bytesTotal: number }

export interface HelloFeed { scope: string; state: "granted" | "revoking"; head: number; view: string | null }
export interface Hello { server_time: string; epoch: string; feeds: HelloFeed[]; limits?: PushLimits; minimum_app_build?: string }

/** done: everything is exchanged · partial: some of it, see problems · offline · sign_in: the token has ended · busy: a round is running. */
export type SyncOutcome = "done" | "partial" | "offline" | "sign_in" | "busy";
export interface SyncResult {
  outcome: SyncOutcome; at: string; pushed: PushCount; photos: UploadCount; pulled: PullCount; forms: number;
  problems: { stage: SyncStage; problem: Problem }[]; minimum_app_build: string | null;
}

export interface SyncOptions { onProgress?: (progress: SyncProgress) => void; sendFile?: SendFile }

const emptyResult = (): SyncResult => ({
  outcome: "done", at: new Date().toISOString(), pushed: { sent: 0, accepted: 0, held: 0, needs_you: 0, left: 0 },
  photos: { sent: 0, bytes: 0, known: 0, left: 0 }, pulled: { rows: 0, pages: 0, gone: 0 }, forms: 0, problems: [], minimum_app_build: null,
});

/** Greets the server, hands over what was made here, then learns what is new. Safe to call at any time, and twice. */
export async function sync(options: SyncOptions = {}): Promise<SyncResult> {
  const at = session();
  const result = await ifFree(`sync:${at.install.install_id}`, () => round(at, options));
  return result ?? { ...emptyResult(), outcome: "busy" };
}

async function round(at: Session, options: SyncOptions): Promise<SyncResult> {
  const result = emptyResult();
  const say = (stage: SyncStage) => (done: number, total: number, bytes = 0, bytesTotal = 0): void => options.onProgress?.({ stage, done, total, bytes, bytesTotal });
  let hello: Hello | null = null;
  const stage = (name: SyncStage, work: () => Promise<void>): Promise<void> => attempt(result, name, work);

  await stage("greet", async () => { hello = await greet(at, result); });
  const known = hello as Hello | null;
  if (!known) return ended(result);
  await stage("push", async () => { result.pushed = await pushOps(at, known.limits ?? DEFAULT_LIMITS, say("push")); });
  await stage("photos", async () => { result.photos = await uploadPhotos(at, options.sendFile ?? sendByTus, say("photos")); });
  await stage("pull", async () => { result.pulled = await pullFeeds(at, known, say("pull")); });
  await stage("forms", async () => {
    const fresh = await fetchDefinitions(at);
    if (fresh) await refreshUser(at);
    result.forms = await fetchForms(at);
    if (fresh) await fetchRules(at);
  });
  // Scopes that were left are acknowledged by ops of their own.
  if (result.pulled.gone > 0) await stage("push", async () => { await pushOps(at, known.limits ?? DEFAULT_LIMITS, () => undefined); });
  await stage("forms", async () => { await tidy(at); });
  announce("outbox", "records");
  return ended(result);
}

/** A stage that fails is reported; the others still run, except after the line or the token is gone. */
async function attempt(result: SyncResult, stage: SyncStage, work: () => Promise<void>): Promise<void> {
  if (result.problems.some(({ problem }) => isNetwork(problem) || problem.status === 401)) return;
  try {
    await work();
  } catch (cause) {
    result.problems.push({ stage, problem: asProblem(cause) });
  }
}

async function greet(at: Session, result: SyncResult): Promise<Hello> {
  const waiting = await at.db.ops.where("state").equals("queued").sortBy("seq");
  const feeds = Object.fromEntries((await at.db.feeds.toArray()).map((feed) => [feed.scope, { after: feed.after, view: feed.view }]));
  const hello = await postJson<Hello>("/sync/hello", {
    install_id: at.install.install_id, app_build: __APP_BUILD__, device_time: new Date().toISOString(), feeds,
    outbox: { count: waiting.length, oldest: waiting[0]?.created_at ?? null },
  }, { token: at.account.token });
  at.account.clock = anchorAt(hello.server_time);
  await keepAccount(at);
  result.minimum_app_build = hello.minimum_app_build ?? null;
  return hello;
}

function ended(result: SyncResult): SyncResult {
  const problems = result.problems.map(({ problem }) => problem);
  if (problems.some((problem) => problem.status === 401)) result.outcome = "sign_in";
  else if (problems.length > 0) result.outcome = result.problems[0]?.stage === "greet" && isNetwork(problems[0]) ? "offline" : "partial";
  result.at = new Date().toISOString();
  return result;
}
