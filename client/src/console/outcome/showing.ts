/** Numbers and values of results as people read them. */
import { nameOf } from "../areas";
import type { Compared, Indicator, Pattern, Result, Value } from "./wire";

/** "3.9%"; more digits only where a rounded number would say something else. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return "–";
  const value = share * 100;
  return `${value === 0 || value >= 10 ? Math.round(value) : Math.round(value * 10) / 10 || "<0.1"}%`;
}

/** How much of a rate's ground is drawn: the limit always stands well inside. */
export function scaleOf(indicator: Indicator): number {
  if (indicator.at_least) return 1;
  const most = Math.max(indicator.limit * 2, indicator.shown_high ?? 0, indicator.high ?? 0);
  return Math.min(1, most * 1.05);
}

/** Place of a share on a bar of 0 to 100. A rate that is held from below is drawn from `from` up. */
export function place(share: number, indicator: Indicator): number {
  const from = indicator.at_least ? Math.max(0, Math.min(indicator.limit, indicator.shown_low ?? 1, indicator.low ?? 1) - 0.1) : 0;
  return Math.max(0, Math.min(100, ((share - from) / (scaleOf(indicator) - from)) * 100));
}

export const shownValue = (value: Value, unit: string | null, language: string): string =>
  value.value === null ? "–" : value.words ? nameOf(value.words, language) : unit && /^-?\d+(\.\d+)?$/.test(value.value) ? `${Number(value.value).toLocaleString("en-US")} ${unit}` : value.value;

const ORDER: Result[] = ["differs", "within", "not_comparable", "agrees", "not_asked"];

/** What needs a look first; within one outcome as the form asks. */
export const byOutcome = (items: Compared[]): Compared[] => [...items].sort((one, other) => ORDER.indexOf(one.outcome) - ORDER.indexOf(other.outcome));

/** Reasons under what they look at, in the server's order. */
export function byCode(patterns: Pattern[]): [string, Pattern[]][] {
  const found = new Map<string, Pattern[]>();
  for (const one of patterns) found.set(one.code, [...(found.get(one.code) ?? []), one]);
  return [...found];
}
