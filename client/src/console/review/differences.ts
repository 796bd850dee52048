/** The answers that two fillings of a form do not share, in the order of the later one. Pure. */
import type { Answer } from "../wire";

export interface Pair { path: string; before: Answer | null; after: Answer | null }

export function differences(before: Answer[], after: Answer[]): Pair[] {
  const old = new Map(before.map((answer) => [answer.position_path, answer]));
  const now = new Set(after.map((answer) => answer.position_path));
  const changed = after.map((answer) => ({ path: answer.position_path, before: old.get(answer.position_path) ?? null, after: answer as Answer | null }));
  const gone = before.filter((answer) => !now.has(answer.position_path)).map((answer) => ({ path: answer.position_path, before: answer as Answer | null, after: null }));
  return [...changed, ...gone].filter((pair) => textOf(pair.before) !== textOf(pair.after));
}

const textOf = (answer: Answer | null): string => answer?.value ?? "";
