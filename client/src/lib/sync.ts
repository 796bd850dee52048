/** One round with the server, with one result. What is sent, kept and wiped is decided in core/machine.ts; here it is done. */
import { perform, type Asking } from "./asking";
import { sealBasesAgain } from "./bases-again";
import { fetchBoundaries } from "./boundaries";
import { sealArrived } from "./arrived";
import { announce } from "./changes";
import { step } from "./core/machine";
import { needsOf } from "./core/needs";
import { asPull, isKept, isReadable, keyOf, rowShape } from "./core/pages";
import { newRound, outcomeOfRound, type CheckCount, type Context, type Happening, type PullCount, type PushCount, type Round, type RoundOutcome, type Stage, type Step, type UploadCount } from "./core/round";
import type { Change, FeedMeta } from "./core/state";
import type { RecordRow } from "./database";
import { fetchDefinitions } from "./definitions";
import { fetchForms } from "./forms";
import { noContents, writeChanges, type Contents } from "./keeping";
import { sealAnswers } from "./outbox";
import { sealParted } from "./parted";
import { asProblem, isNetwork, Problem } from "./problem";
import { fetchRules } from "./rules";
import { session, type Session } from "./session";
import { refreshUser, removeRevoked } from "./sign-in";
import { Slices } from "./slices";
import { tidy } from "./tidy";
import { ifFree, inTurn } from "./turns";
import type { FeedEntry, KeptEntry, OpResult } from "./types";
import { sendByTus, type SendFile } from "./uploads";
import { seal } from "./vault";

export type SyncStage = Stage | "forms";
export interface SyncProgress { stage: SyncStage; done: number; total: number; bytes: number; bytesTotal: number }

/** Beside what a round ends with: busy, a round is running · sign_in: the token has ended · revoked: this phone was taken out of use. */
export type SyncOutcome = RoundOutcome | "busy";
export interface SyncResult {
  outcome: SyncOutcome; at: string; pushed: PushCount; photos: UploadCount; pulled: PullCount; forms: number;
  /** Work that a restored server had lost and got again; what a check of the records found. */
  resent: number; checked: CheckCount | null;
  problems: { stage: SyncStage; problem: Problem }[]; minimum_app_build: string | null;
}

/** `check`: also ask whether everything is here, whenever that was done last. `photosWait`: photos stay for a better line, but for the photo or op `first`. */
export interface SyncOptions { onProgress?: (progress: SyncProgress) => void; sendFile?: SendFile; check?: boolean; photosWait?: boolean; first?: string | undefined }

/** Greets the server, hands over what was made here, then learns what is new. Safe to call at any time, and twice. */
export async function sync(options: SyncOptions = {}): Promise<SyncResult> {
  const at = session();
  const result = await ifFree(`sync:${at.install.install_id}`, () => wholeRound(at, options));
  return result ?? resultOf(newRound(), "busy");
}

async function wholeRound(at: Session, options: SyncOptions): Promise<SyncResult> {
  const running = new Running(at, options);
  const wipe = await running.run();
  const result = resultOf(running.round, outcomeOfRound(running.round));
  if (running.fault) result.problems.push(running.fault);
  if (wipe) await removeRevoked(at);
  else if (!["revoked", "sign_in", "offline"].includes(result.outcome) && !result.problems.some(({ problem }) => isNetwork(problem))) await fetchTheRest(at, result, options);
  if (result.outcome === "done" && result.problems.length > 0) result.outcome = result.problems.some(({ problem }) => problem.status === 401) ? "sign_in" : "partial";
  if (!wipe) announce("outbox", "records");
  return result;
}

/** The steps of one round. */
class Running {
  round: Round = newRound();
  fault: { stage: Stage; problem: Problem } | null = null;
  private readonly slices: Slices;
  private readonly asking: Asking;
  private feedsBefore: FeedMeta[] = [];

  constructor(private readonly at: Session, private readonly options: SyncOptions) {
    this.slices = new Slices(at.db);
    this.asking = { at, sendFile: options.sendFile ?? sendByTus, acks: new Map(), onBytes: (offset) => this.sayPhotos(offset) };
  }

  /** True when everything of this worker is to be removed. A fault of ours ends the round; what was written stands. */
  async run(): Promise<boolean> {
    try {
      this.feedsBefore = await this.at.db.feeds.toArray();
      let next = await this.take({ type: "begun" });
      while (next.ask.ask !== "done") {
        const before = this.round.asked;
        next = await this.take(await perform(this.asking, next.ask));
        this.tell(before.ask);
      }
      return next.ask.wipe;
    } catch (cause) {
      this.fault = { stage: this.round.stage, problem: asProblem(cause) };
      return false;
    }
  }

  /** Decides on what happened and writes all of it, or nothing, in one transaction. */
  private async take(event: Happening): Promise<Step> {
    const { at } = this;
    const contents = { ...(await sealContents(at, this.round, event)), acks: this.asking.acks };
    const taken = await inTurn("own-work", async () => {
      const feeds = new Map((await at.db.feeds.toArray()).map((feed) => [feed.scope, feed]));
      const store = await this.slices.load(needsOf(this.round, event, await this.slices.drafts(), feeds));
      const next = step(store, this.round, event, this.context());
      await write(at, next.changes, { ...contents, bases: await sealBasesAgain(at, next.changes, event), told: next.round.revoked ? [] : [...(await sealParted(at, next.changes)), ...(await sealArrived(at, next.changes, this.feedsBefore))] });
      return next;
    });
    this.slices.forget(taken.changes.flatMap((change) => (change.do === "op" || change.do === "drop-op" ? [change.seq] : [])), taken.changes.flatMap((change) => (change.do === "photo" || change.do === "drop-photo" ? [change.id] : [])));
    this.round = taken.round;
    if (taken.ask.ask === "upload" && taken.round.photos.sent === 0) this.sayPhotos(0);
    return taken;
  }

  private context(): Context {
    return { now: Date.now(), check: this.options.check === true, build: __APP_BUILD__, photosWait: this.options.photosWait === true, ...(this.options.first ? { first: this.options.first } : {}) };
  }

  private tell(asked: string): void {
    const { total, pushed, pulled, opBytes } = this.round;
    if (asked === "push") this.say("push", pushed.sent, total.ops, opBytes, total.opBytes);
    if (asked === "upload") this.sayPhotos(0);
    if (asked === "pull") this.say("pull", Math.min(pulled.rows, total.rows), total.rows);
    if (asked === "digest") this.say("check", 0, 0);
    if (asked === "push" || asked === "upload") announce("outbox");
    if (asked === "pull" || asked === "leave") announce("records");
  }

  private sayPhotos(offset: number): void {
    const { total, photos } = this.round;
    this.say("photos", photos.sent, total.photos, photos.bytes + offset, total.photoBytes);
  }

  private say(stage: SyncStage, done: number, total: number, bytes = 0, bytesTotal = 0): void {
    this.options.onProgress?.({ stage, done, total, bytes, bytesTotal });
  }
}

async function write(at: Session, changes: Change[], contents: Contents): Promise<void> {
  const { db } = at;
  if (changes.length === 0) return;
  await db.transaction("rw", [db.counters, db.feeds, db.records, db.memberships, db.ops, db.bases, db.photos, db.cache], async () => { await writeChanges(db, changes, contents); });
}

/** What is sealed must be sealed before the transaction opens. */
async function sealContents(at: Session, { asked }: Round, event: Happening): Promise<Contents> {
  const contents = noContents();
  if (event.type !== "answered") return contents;
  if (asked.ask === "push") contents.answers = await sealAnswers(at, asked.ops, (event.body as { results?: OpResult[] } | null)?.results ?? []);
  const pages = asked.ask === "pull" ? Object.entries(asPull(event.body)?.feeds ?? {}) : [];
  for (const [scope, page] of pages) await sealPage(at, scope, page.entries ?? [], contents.rows);
  return contents;
}

async function sealPage(at: Session, scope: string, entries: FeedEntry[], rows: Map<string, RecordRow>): Promise<void> {
  await Promise.all(entries.map(async (entry, place) => {
    if (!isReadable(entry) || !isKept(entry)) return;
    rows.set(`${scope}|${place}`, await sealRow(at, entry));
  }));
}

async function sealRow(at: Session, entry: KeptEntry): Promise<RecordRow> {
  const key = keyOf(entry);
  return { key, ...rowShape(entry), sealed: await seal(at.key, `records:${key}`, entry) };
}

/** Forms, definitions and rules come after the records; a failure here is reported and leaves those as they are. */
async function fetchTheRest(at: Session, result: SyncResult, options: SyncOptions): Promise<void> {
  options.onProgress?.({ stage: "forms", done: 0, total: 0, bytes: 0, bytesTotal: 0 });
  try {
    const fresh = await fetchDefinitions(at);
    if (fresh) await refreshUser(at);
    result.forms = await fetchForms(at);
    if (fresh) await fetchRules(at);
    if (fresh) await fetchBoundaries(at);
    await tidy(at);
  } catch (cause) {
    result.problems.push({ stage: "forms", problem: asProblem(cause) });
  }
}

function resultOf(round: Round, outcome: SyncOutcome): SyncResult {
  const { pushed, photos, pulled, resent, checked, minimum_app_build } = round;
  const problems = round.problems.map(({ stage, code, ...more }) => ({ stage, problem: new Problem(code, more) }));
  return { outcome, at: new Date().toISOString(), pushed, photos, pulled, forms: 0, resent, checked, problems, minimum_app_build };
}
