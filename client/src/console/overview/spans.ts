/** Weeks and months of this desk's clock, and the lists of what came in them. Pure. */
import { dayText } from "../filters";

/** The edges of the last `count` weeks, Monday to Sunday; the last one is this week. */
export function weekEdges(now: Date, count: number): Date[] {
  const monday = now.getDate() - ((now.getDay() + 6) % 7);
  return Array.from({ length: count + 1 }, (_, n) => new Date(now.getFullYear(), now.getMonth(), monday + 7 * (n + 1 - count)));
}

/** The edges of the last `count` months; the last one is this month. */
export const monthEdges = (now: Date, count: number): Date[] =>
  Array.from({ length: count + 1 }, (_, n) => new Date(now.getFullYear(), now.getMonth() + n + 1 - count, 1));

export interface Span { from: string; to: string }
/** The days of each stretch between two edges, both within it. */
export const spansOf = (edges: Date[]): Span[] =>
  edges.slice(0, -1).map((edge, n) => {
    const next = edges[n + 1] as Date;
    return { from: dayText(edge), to: dayText(new Date(next.getFullYear(), next.getMonth(), next.getDate() - 1)) };
  });

const two = (n: number): string => String(n).padStart(2, "0");
/** A week by its Monday: 11-16. */
export const weekLabel = (edge: Date): string => `${two(edge.getMonth() + 1)}-${two(edge.getDate())}`;
/** A month: 2026-11. */
export const monthLabel = (edge: Date): string => `${edge.getFullYear()}-${two(edge.getMonth() + 1)}`;

export interface AreaSeries { region: string; visits: number[]; visited: number[]; to_review: number[]; open_conflicts: number[]; open_questions: number[] }
export interface Trends<Key extends keyof AreaSeries> { edges: string[]; area: Pick<AreaSeries, Key | "region">; items: Pick<AreaSeries, Key | "region">[] }
/** What stands open at the end of each week. */
export const OPEN = ["to_review", "open_conflicts", "open_questions"] as const;
export type Open = (typeof OPEN)[number];
