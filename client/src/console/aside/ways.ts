/** Which ways out the server has for a reason (docs/SYNC.md "Set aside, and the ways out"). Pure. */
import type { Aside } from "./wire";

/** Nobody can say what was meant, or the first content stands: applying them never helps. */
const READ_ONLY = new Set([
  "resolution.value_unknown", "resolution.value_invalid", "instance.other_content", "op.resent_with_other_content", "instance.unreadable",
  "instance.mismatch", "entities.unreadable", "op.incomplete", "op.unreadable", "courier.unverified", "courier.damaged", "op.dismissed",
]);
export interface Ways { apply: boolean; choose: boolean }

/** `choose`: a village may be chosen, but never for a decision on a conflict. A reason that this console does not know is tried: the server says whether it helps. */
export function waysOf(row: Aside, kind: string | null): Ways {
  const apply = row.op_id !== null && !READ_ONLY.has(row.code);
  return { apply, choose: apply && row.code === "region.unknown" && kind !== "resolution" };
}

/** A code as a key of the catalogue. */
export const keyOf = (code: string): string => code.replace(/\./g, "_");
