/** What went wrong, in the words of the wire contract: a stable code, and where, why and what to do. */

export interface ProblemIssue { where: string; why: string; fix: string }

/** Codes of the phone itself, beside those of the server. */
export type LocalCode =
  | "network.unreachable" | "network.timeout" | "answer.unreadable" | "store.locked" | "store.full"
  | "pin.wrong" | "pin.wait" | "form.missing" | "draft.missing" | "sign_out.unsent" | "install.missing" | "key.not_returned";

export class Problem extends Error {
  readonly code: string;
  readonly status: number;
  /** A fact for whoever looks into it (a state, a size, a place in a file); no sentence for a person. */
  readonly detail: string;
  /** What the server says of it, by language. */
  readonly words: Readonly<Record<string, string>>;
  readonly issues: ProblemIssue[];
  /** Seconds, from Retry-After. */
  readonly retryAfter: number | null;

  constructor(code: LocalCode | string, more: { status?: number; detail?: string; words?: Record<string, string>; issues?: ProblemIssue[]; retryAfter?: number | null } = {}) {
    super(more.detail ?? code);
    this.name = "Problem";
    this.code = code;
    this.status = more.status ?? 0;
    this.detail = more.detail ?? "";
    this.words = more.words ?? {};
    this.issues = more.issues ?? [];
    this.retryAfter = more.retryAfter ?? null;
  }
}

/** The request or its answer may be lost; the same thing can be tried again later. */
export const isNetwork = (cause: unknown): boolean => cause instanceof Problem && cause.code.startsWith("network.");

/** The server is there but cannot now (overload, restart). */
export const isBusy = (cause: unknown): boolean => cause instanceof Problem && (cause.status === 429 || cause.status >= 500);

/** Dexie reports a full disk as an aborted transaction with the cause inside. */
function isFull(cause: unknown): cause is Error {
  if (!(cause instanceof Error)) return false;
  return cause.name === "QuotaExceededError" || ("inner" in cause && isFull(cause.inner));
}

export function asProblem(cause: unknown): Problem {
  if (cause instanceof Problem) return cause;
  if (isFull(cause)) return new Problem("store.full", { detail: cause.message });
  return new Problem("unexpected", { detail: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause) });
}
