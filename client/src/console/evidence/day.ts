/** The visits of a household on one day, as a line. Pure. */
import type { Person } from "@lib/types";
import type { Names } from "../wire";

export interface DayVisit {
  instance_id: string; form_id: string; form_names: Names | null; author: Person | null; started_at: string | null; ended_at: string | null; received_at: string;
  contact_mode: string | null; review: string; supersedes: string | null; place: { accuracy_m: number | null; distance_m: number | null } | null; photos: { named: number; here: number } | null;
}
export interface Day { day: string; present: string; items: DayVisit[] }

/** What lies between a visit and the one before it: so many milliseconds, or that they ran at the same time (below zero: by so much). */
export interface OnLine { visit: DayVisit; present: boolean; between: number | null }

export function lineOf(day: Day): OnLine[] {
  return day.items.map((visit, n) => {
    const ends = day.items.slice(0, n).map((one) => Date.parse(one.ended_at ?? one.started_at ?? ""));
    const between = Date.parse(visit.started_at ?? "") - Math.max(...ends);
    return { visit, present: visit.instance_id === day.present, between: Number.isFinite(between) ? between : null };
  });
}
