/** What the overview counts, and which list each number is the length of. Pure. */
import type { RouteLocationRaw } from "vue-router";
import type { Counts } from "../wire";

export type Measure = Exclude<keyof Counts, "region">;
/** `page`: the list of which the number is the length; `timed`: that list is of the period too. */
export interface Column { key: Measure; page: string; query: Record<string, string>; timed?: boolean }

/** A row of the table below a chart; a number may lead to its list. */
export interface NumberRow { name: string; to?: RouteLocationRaw | undefined; cells: { text: string; to?: RouteLocationRaw | undefined }[] }

/** Of now: what waits for somebody. */
export const TO_DO: readonly Column[] = [
  { key: "to_review", page: "submissions", query: { review: "received" } },
  { key: "open_conflicts", page: "conflicts", query: {} },
  { key: "open_questions", page: "questions", query: {} },
  { key: "overdue", page: "records", query: { concern: "overdue" } },
  { key: "unsafe_houses", page: "records", query: { concern: "house" } },
  { key: "unsafe_water", page: "records", query: { concern: "water" } },
];
/** Of the period, but for the households themselves. */
export const IN_PERIOD: readonly Column[] = [
  { key: "households", page: "records", query: {} },
  { key: "visited", page: "records", query: { visited: "yes" }, timed: true },
  { key: "submissions", page: "submissions", query: {}, timed: true },
  { key: "waiting_photos", page: "submissions", query: { photos: "missing" }, timed: true },
];
/** What an area may be coloured by: a share of its households. */
export const MEASURES = ["visited", "overdue", "unsafe_houses", "unsafe_water"] as const;
export type MapMeasure = (typeof MEASURES)[number];

export const shareText = (part: number, whole: number): string => (whole > 0 ? `${Math.round((part / whole) * 100)} %` : "–");

/** The period of the same length before one that began `days` ago and lasts until now. */
export function periodBefore(days: number, now: Date): { from: Date; to: Date } {
  const start = new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
  return { from: new Date(start.getFullYear(), start.getMonth(), start.getDate() - days - 1), to: start };
}
