/** A household whole, and what it went through; names follow the wire contract. */
import type { Person } from "@lib/types";

export interface Entry {
  dataset: string; id: string; label: string; version: number; region: string; state: "active" | "archived"; parent?: string;
  data: Record<string, string | null>; masked: string[]; contested: string[]; unreadable?: boolean; updated_at: string; updated_by: Person | null;
}
export interface Whole { at: string | null; household: Entry; below: Entry[] }
export interface Change { property: string; from: string | null; to: string | null; shown: boolean }
export interface Happening { kind: string; day?: string; from?: string | null; to?: string | null }
export interface RecordStep { dataset: string; id: string; label: string; version: number; changes: Change[]; happened: Happening[] }
export interface Step { op_id: string; at: string; author: Person | null; instance_id: string | null; records: RecordStep[] }

/** Whether a text asks for pinyin initials: letters alone. */
export const isInitials = (text: string): boolean => /^[a-z]{1,6}$/i.test(text.trim());

/** The day that a step is about: what the record itself names, else when the server took it in. */
export const dayOf = (happening: Happening, step: Step): string => happening.day ?? step.at;

/** Steps in which somebody came, went, was born or died, or the household itself changed. */
export const isAboutPeople = (step: Step): boolean => step.records.some((record) => record.happened.length > 0);

/** The end of a local day, as the server is asked. */
export function endOf(day: string): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return new Date(year, month - 1, date + 1, 0, 0, 0, -1).toISOString();
}
