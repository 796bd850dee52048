/** What somebody has chosen for a difference, and how it is sent. Pure. */
import { groupOf, seenOf } from "./values";
import type { Conflict, Dataset, Value } from "./wire";

/** `chosen`: the op of a value, OTHER with `typed` or `parts` (of a group), or DIFFERENT; null while nothing is. */
export interface Choice { chosen: string | null; typed: string; parts: Record<string, string> }
export const OTHER = "value";
export const DIFFERENT = "different";

const partsOf = (value: Value): Record<string, string> => (value !== null && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([name, text]) => [name, text ?? ""])) : {});
export const noChoice = (conflict: Conflict): Choice => ({ chosen: null, typed: "", parts: partsOf(conflict.shown) });

export interface Made { choose: string; value?: string | Record<string, string>; seen: string[] }
/** As the server is told; null while nothing is chosen, or nothing written where something is to be. */
export function madeOf(datasets: Dataset[], conflict: Conflict, choice: Choice): Made | null {
  const seen = seenOf(conflict);
  if (choice.chosen === DIFFERENT) return { choose: OTHER, value: DIFFERENT, seen };
  if (choice.chosen !== OTHER) return choice.chosen ? { choose: choice.chosen, seen } : null;
  if (groupOf(datasets, conflict).length) return { choose: OTHER, value: choice.parts, seen };
  return choice.typed.trim() ? { choose: OTHER, value: choice.typed.trim(), seen } : null;
}

/** Where the number keys go after a choice: the next difference that nothing is chosen for, else they stay. */
export function nextOpen(chosen: boolean[], at: number): number {
  const open = chosen.map((one, n) => (one ? -1 : n)).filter((n) => n >= 0);
  return open.find((n) => n > at) ?? open[0] ?? at;
}
