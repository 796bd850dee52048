/** PURE: what the phone decides about its ops. No store, no network, no clock. */
import type { Finding, OpEntry, OpResult, OpStatus, OutboxState } from "../types";
import type { BaseMeta, OpMeta, OpState } from "./state";

export interface PushLimits { push_ops: number; push_bytes: number; op_bytes: number }
export const DEFAULT_LIMITS: PushLimits = { push_ops: 200, push_bytes: 1048576, op_bytes: 16777216 };

const FINAL: OpStatus[] = ["applied", "merged", "conflicted"];

export function stateOf(status: OpStatus): OpState {
  if (status === "held") return "held";
  return FINAL.includes(status) || status === "duplicate" ? "settled" : "stuck";
}

export interface Outcome {
  state: OpState; status: OpStatus; code: string; detail: string; /** null: not told, so only a whole pull shows what it made. */
  versions: Record<string, number> | null; missing: string[]; findings: Finding[];
}

/** A duplicate means: stored before; what counts is how it stands now. */
export function outcomeOf(result: OpResult): Outcome {
  const now = result.status === "duplicate" && result.first ? result.first : result;
  const versions: Record<string, number> = {};
  for (const entity of result.entities ?? []) versions[recordKey(entity.dataset, entity.id)] = entity.version;
  return { state: stateOf(now.status), status: now.status, code: now.code ?? "", detail: now.detail ?? "", versions, missing: result.missing_attachments ?? [], findings: (result.findings ?? []).filter(isAnswerable) };
}

/** What the form computes itself nobody can answer better: that is for reviewers. */
const isAnswerable = ({ kind }: Finding): boolean => kind !== "bind";

/** The end of a held, quarantined or carried op, as the user's feed tells it. It names no versions. */
export function outcomeOfEntry(entry: OpEntry): Outcome {
  return { state: stateOf(entry.status), status: entry.status, code: entry.code ?? "", detail: "", versions: null, missing: [], findings: [] };
}

export const recordKey = (dataset: string, id: string): string => `entity:${dataset}:${id.toLowerCase()}`;

/** saved: no answer yet · sent: held or photos missing · accepted: settled with all photos · needs_you: a person must look. */
export function outboxState(op: Pick<OpMeta, "state">, photos: { total: number; sent: number }, sentBack = false): OutboxState {
  if (op.state === "stuck" || sentBack) return "needs_you";
  if (op.state === "queued") return "saved";
  return op.state === "held" || photos.sent < photos.total ? "sent" : "accepted";
}

/** Takes from the front what fits in one push: at least one op (one alone may be larger than the usual limit). */
export function nextBatch<T extends { size: number }>(waiting: T[], limits: PushLimits, targetBytes = limits.push_bytes): T[] {
  const room = Math.min(targetBytes, limits.push_bytes) - 64;
  const batch: T[] = [];
  let bytes = 0;
  for (const op of waiting) {
    if (batch.length >= limits.push_ops || (batch.length > 0 && bytes + op.size > room)) break;
    batch.push(op);
    bytes += op.size + 1;
  }
  return batch;
}

const SMALLEST_TARGET = 16 * 1024;
export const FIRST_TARGET = 128 * 1024;

/** On a line that breaks, smaller pushes get through; on a good one, larger ones save round trips. */
export function nextTarget(target: number, worked: boolean, limits: PushLimits): number {
  return worked ? Math.min(limits.push_bytes, target * 2) : Math.max(SMALLEST_TARGET, Math.floor(target / 2));
}

/** No row's version is as high: such a base goes when everything is pulled. */
const UNTOLD = Number.MAX_SAFE_INTEGER;

/** Without an outcome yet: what it wrote is shown over the server's row. */
export const isOpen = (op: { state: OpState }): boolean => op.state === "queued" || op.state === "held";

/** An own record's base after an op was answered: the op leaves, the highest version it made is remembered. */
export function baseAfter<T extends BaseMeta>(base: T, opId: string, outcome: Outcome): T {
  if (isOpen(outcome)) return base;
  const known = base.ops.includes(opId);
  const dropped = outcome.state === "stuck" && known ? [...base.dropped, opId] : base.dropped.filter((id) => id !== opId);
  const version = Math.max(base.answered_version, outcome.versions === null ? UNTOLD : (outcome.versions[base.key] ?? 0));
  return { ...base, ops: base.ops.filter((id) => id !== opId), dropped, answered_version: version };
}

/** The own base may go once nothing is open and the server's row has caught up (or everything was pulled). */
export function isReleased(base: BaseMeta, serverVersion: number | null, everythingPulled: boolean): boolean {
  if (base.ops.length > 0) return false;
  return everythingPulled || (serverVersion !== null && serverVersion >= Math.max(1, base.answered_version));
}

const FIRST_WAIT = 5;
const LONGEST_WAIT = 300;
/** No server's wish is waited for longer, and no timer of a browser: one above 24 days goes off at once. */
const LONGEST_WISH = 86_400;

/** Seconds before the next automatic try: 5 s, doubled up to 5 minutes; the server's own wish counts more.
 *
 * `roll`: 0…1, drawn anew each time; a wait is shortened by up to half, so that a village's phones do not come at once.
 */
export function backOff(failures: number, retryAfter: number | null = null, roll = 1): number {
  if (failures <= 0) return 0;
  const wait = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures - 1, 10));
  return Math.max(Math.min(retryAfter ?? 0, LONGEST_WISH), wait * (0.5 + roll / 2));
}
