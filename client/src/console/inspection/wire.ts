/** What the server tells of inspections. */
import type { Names } from "../wire";

export type Stage = "planned" | "frozen" | "drawn" | "open" | "closed";
export const STAGES: Stage[] = ["planned", "frozen", "drawn", "open", "closed"];
export type TaskState = "waiting" | "sent" | "done" | "replaced" | "shared";
export interface Who { id: string; username: string; display_name: string }

export interface Plan {
  design: string; stratum?: string; allocation?: string; villages?: { count: number; method: string };
  households?: { count?: number; share?: string; all?: boolean }; reserves?: number; always?: { column: string; values: string[] }[];
}

interface Told {
  id: string; region: string; region_names: Names | null; names: Names; state: Stage; starts_on: string; ends_on: string;
  plan: Plan; plan_sha256: string; seed_way: "dice" | "reveal"; opened_at: string | null; closed_at: string | null;
}
export interface Inspection extends Told {
  form_ids: string[]; recent: "leave_out" | "share"; made_by: Who | null; made_at: string; may_steer: boolean; days_late: number;
  frame: { sha256: string; households: number; villages: number; frozen_at: string; frozen_by: Who | null; is_published: boolean; exclusions: Record<string, number> } | null;
  commitments: { person: Who | null; sha256: string; is_revealed: boolean }[];
  draw: { seed: string; record_sha256: string; drawn_by: Who | null; drawn_at: string; main: number; reserves: number } | null;
  tally: Partial<Record<TaskState, number>>; teams: { id: string; name: string; members: Who[] }[];
}
export interface Published extends Told { frame_sha256: string; households: number; frozen_at: string; seed: string; record_sha256: string; drawn_at: string; files: string[] }

export interface Place { region: string; names: Names | null }
export interface Overlap { starts_on: string; ends_on: string; inspection: { id: string; names: Names } | null; state?: Stage; drawn_in_both?: number }
export interface Preview {
  frame: { households: number; villages: number; townships: (Place & { villages: number; households: number })[] };
  sample: { households: number; reserves: number; villages: number; sentences: Names[]; notes?: string[] };
  spared: {
    households: number; left_out: number; reasons: Record<string, number>; villages: (Place & { households: number })[];
    items: { household_id: string; label: string | null; village: string; reason: string; on: string; inspection: { id: string; names: Names } | null }[];
  };
  burden: {
    limits: { rule: string; household_days: number; village_days: number; year_minutes: number; visit_minutes: number; phone_minutes: number };
    adds: number; asked: { median: number; tenth: number; most: number; over: number }; busiest: { household_id: string; label: string | null; minutes: number }[];
  };
  overlaps: Overlap[];
}

export interface Task {
  id: string; household: { id: string; label: string | null }; village: string; form_id: string; form_names: Names | null; kind: "visit" | "phone"; state: TaskState;
  person: Who | null; route: number | null; disposition: string | null; tries: number; last_try_at: string | null; reason: string | null;
  instance_id: string | null; replaces: string | null; replaced_by: string | null; ended_at: string | null;
  drawn: { kind: "main" | "reserve"; place: number; stratum: string; pi: string; weight: string; ticket: string };
}
export interface Stop {
  n: number; household: { id: string; label: string | null }; village: string; task_ids: string[]; waiting: string[]; is_done: boolean;
  person: Who | null; is_placed: boolean; apart_m: number | null;
}
/** A team (or, without an id, what no team has) with its villages and households in the order of a walk. */
export interface Route { id: string | null; name: string | null; members: Who[]; metres: number; villages: (Place & { households: number; done: number })[]; stops: Stop[] }
export interface Village extends Place { tasks: Partial<Record<TaskState, number>>; reserves_left: number }
export interface Inspector extends Who { tasks: number }

export const DISPOSITIONS = ["refused", "nobody", "all_away", "lost", "empty", "cancelled", "no_address", "unable"];
export const REACHED = ["complete", "partial"];
export const LEAST_DIGITS = 20;

/** A task that ended without answers, for which the next reserve may stand in. */
export const mayBeReplaced = (task: Task): boolean => task.state === "done" && !REACHED.includes(task.disposition ?? "");
/** Tasks that nobody has brought to an end. */
export const unfinished = (counts: Inspection["tally"]): number => (counts.waiting ?? 0) + (counts.sent ?? 0);
export const isOpen = (task: Task): boolean => task.state === "waiting" || task.state === "sent";
/** Digits as rolled, in groups of five, as people read them out. */
export const digitsOf = (text: string): string => text.replace(/\D/g, "");
/** What was typed that no dice give; blanks and commas are for the eye. */
export const noDigits = (text: string): string => text.replace(/[\d\s,，、]/g, "").slice(0, 20);
export const inGroups = (digits: string): string => digits.replace(/(\d{5})(?=\d)/g, "$1 ");
export const fileAddress = (id: string, name: string): string => `/api/v1/inspections/${id}/files/${name}`;
export const total = (counts: Partial<Record<string, number>>): number => Object.values(counts).reduce<number>((sum, n) => sum + (n ?? 0), 0);
