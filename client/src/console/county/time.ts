/** The time that the map shows: steps of a day or a month, a range of them in the address. Pure. */
import { dayText } from "../filters";

export const STEPS = ["month", "day"] as const;
export type Step = (typeof STEPS)[number];
const COUNT: Record<Step, number> = { month: 24, day: 92 };
/** First and last day of a range, both within it. */
export interface Days { from: string; to: string }

/** The first day of each step up to now, and of the one after. */
export function ticks(step: Step, now: Date): Date[] {
  const at = (n: number): Date => (step === "month" ? new Date(now.getFullYear(), now.getMonth() + n, 1) : new Date(now.getFullYear(), now.getMonth(), now.getDate() + n));
  return Array.from({ length: COUNT[step] + 1 }, (_, n) => at(n + 1 - COUNT[step]));
}

/** From step `first` to step `last`, both within it. */
export function daysOf(all: Date[], first: number, last: number): Days {
  const end = all[last + 1] as Date;
  return { from: dayText(all[first] as Date), to: dayText(new Date(end.getFullYear(), end.getMonth(), end.getDate() - 1)) };
}

/** The steps in which a range begins and ends; what lies before the first is the first. */
export function stepsOf(all: Date[], days: Days): [number, number] {
  const at = (day: string): number => Math.max(0, all.slice(0, -1).reduce((found, tick, n) => (dayText(tick) <= day ? n : found), 0));
  const first = at(days.from);
  return [first, Math.max(first, at(days.to))];
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** The range of an address; null where it holds none. */
export function daysIn(from: unknown, to: unknown): Days | null {
  const good = typeof from === "string" && typeof to === "string" && DATE.test(from) && DATE.test(to) && from <= to;
  return good ? { from, to } : null;
}

/** A step in words: a month is its first days without the day. */
export const tickText = (tick: Date, step: Step): string => (step === "month" ? dayText(tick).slice(0, 7) : dayText(tick));
