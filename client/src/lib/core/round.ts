/** PURE: what a round with the server is about. A round lives in memory only; a crash ends it, and the next begins anew. */
import { DEFAULT_LIMITS, type PushLimits } from "./ops";
import type { Change } from "./state";

export type Stage = "greet" | "push" | "photos" | "pull" | "check";

export interface HelloFeed { scope: string; state: "granted" | "revoking"; head: number; view: string | null }
export interface Hello { server_time: string; epoch: string; feeds: HelloFeed[]; limits?: PushLimits; minimum_app_build?: string }

export interface Cursor { after: number; view: string | null }

/** What is asked of the world outside: of the server, or (hand_over, leave) of the shell, which alone can write contents.
 *
 * `push` without ops asks only how far the server has stored this install's ops. `hand_over`: these drafts become ops
 * of kind draft (`open`: also those in a form page just now). `leave`: these scopes are wiped, each with an op that says so. `wipe`: everything of this worker goes.
 */
export type Ask =
  | { ask: "hello"; body: { feeds: Record<string, { after: number; view: string | null }>; outbox: { count: number; oldest: string | null } } }
  | { ask: "push"; ops: string[] }
  | { ask: "have"; sha256: string[] }
  | { ask: "upload"; photo: string }
  | { ask: "pull"; body: { feeds: Record<string, Cursor>; limit: number } }
  | { ask: "digest"; scope: string }
  | { ask: "hand_over"; drafts: string[]; open: boolean }
  | { ask: "leave"; scopes: string[] }
  | { ask: "done"; wipe: boolean };

/** What came of it. `refused`: the server said no · `failed`: no answer came; it may have been done all the same. */
export type Happening =
  | { type: "begun" }
  | { type: "answered"; body: unknown }
  | { type: "refused"; status: number; code: string; detail?: string; words?: Record<string, string>; retryAfter?: number | null }
  | { type: "failed"; code: string; detail?: string }
  /** Drafts that are open in a form page just now stay for the next round. */
  | { type: "handed_over"; left: string[] }
  | { type: "left"; acks: { scope: string; op_id: string }[] };

export interface RoundProblem { stage: Stage; status: number; code: string; detail: string; words: Record<string, string>; retryAfter: number | null }
export interface PushCount { sent: number; accepted: number; held: number; needs_you: number; left: number }
export interface UploadCount { sent: number; bytes: number; known: number; left: number }
export interface PullCount { rows: number; pages: number; gone: number }
/** `records`: compared and equal; `repaired`: scopes fetched again and equal then; `wrong`: scopes that still differ; `moved`: changed meanwhile. */
export interface CheckCount { scopes: number; records: number; repaired: number; wrong: number; moved: number }

/** `now`: ms, the phone's clock. `check`: the worker asks whether everything is here. `build`: of the app.
 * `photosWait`: the worker pays for this line, so photos are kept for another one. `first`: the photo, or the op whose
 * photos, the worker asked for: they go before the others, on any line.
 */
export interface Context { now: number; check: boolean; build: string; photosWait?: boolean; first?: string }

export interface Round {
  stage: Stage; asked: Ask; hello: Hello | null; limits: PushLimits; minimum_app_build: string | null;
  /** How often it greeted: a server that is restored in the middle is greeted anew. `restored`: it was, since the last time. */
  greetings: number; restored: boolean; revoked: boolean; probed: boolean; over: boolean;
  /** Halves of a refused push, still to be tried, by op id; ops that this round does not try again; how often
   * the server failed without saying on which; whether pushing ended before every op was tried. */
  parts: string[][]; deferred: string[]; faults: number; acksAsked: boolean; pushBroke: boolean;
  /** Hashes up to this one were asked for; photos not tried again in this round; those that the server will never take. */
  haveUpTo: string; refused: string[]; hopeless: string[];
  /** Drafts of scopes that were taken away: asked for once; open in a form page just now. */
  handedOver: boolean; openDrafts: string[];
  /** Scopes still to be pulled (null: not begun); how often each was begun anew. `pulledAll`: every granted feed was read to its head. */
  open: string[] | null; restarts: Record<string, number>; pulledAll: boolean; leftLate: boolean;
  /** Scopes to be compared (null: not begun), and those fetched again because they differed. */
  toCheck: string[] | null; repairing: string[];
  total: { ops: number; opBytes: number; photos: number; photoBytes: number; rows: number }; opBytes: number;
  pushed: PushCount; resent: number; photos: UploadCount; pulled: PullCount; checked: CheckCount | null; problems: RoundProblem[];
}

export interface Step { round: Round; changes: Change[]; ask: Ask }

export const PAGE = 500;

export const newRound = (): Round => ({
  stage: "greet", asked: { ask: "done", wipe: false }, hello: null, limits: DEFAULT_LIMITS, minimum_app_build: null,
  greetings: 0, restored: false, revoked: false, probed: false, over: false,
  parts: [], deferred: [], faults: 0, acksAsked: false, pushBroke: false, haveUpTo: "", refused: [], hopeless: [], handedOver: false, openDrafts: [],
  open: null, restarts: {}, pulledAll: false, leftLate: false, toCheck: null, repairing: [],
  total: { ops: 0, opBytes: 0, photos: 0, photoBytes: 0, rows: 0 }, opBytes: 0,
  pushed: { sent: 0, accepted: 0, held: 0, needs_you: 0, left: 0 }, resent: 0, photos: { sent: 0, bytes: 0, known: 0, left: 0 },
  pulled: { rows: 0, pages: 0, gone: 0 }, checked: null, problems: [],
});

export const note = (round: Round, stage: Stage, { status = 0, code, detail = "", words = {}, retryAfter = null }: Partial<Omit<RoundProblem, "stage">> & { code: string }): void => {
  round.problems.push({ stage, status, code, detail, words, retryAfter });
};

/** The feeds that the server grants; a revoked phone has none. */
export const grantedScopes = (round: Round): string[] => (round.revoked ? [] : (round.hello?.feeds ?? []).filter((feed) => feed.state === "granted").map((feed) => feed.scope));

/** done: everything is exchanged · partial: some of it, see problems · offline · sign_in: the token has ended · revoked: this device was taken out of use. */
export type RoundOutcome = "done" | "partial" | "offline" | "sign_in" | "revoked";

/** "done" is said only when nothing waits and every granted feed was read to its head (never on a timeout or a half-read feed). */
export function outcomeOfRound(round: Round): RoundOutcome {
  const { problems } = round;
  if (problems.some(({ status }) => status === 401)) return "sign_in";
  if (round.revoked) return "revoked";
  if (problems[0]?.stage === "greet" && problems[0].code.startsWith("network.")) return "offline";
  return problems.length === 0 && round.pulledAll && round.pushed.left === 0 ? "done" : "partial";
}
