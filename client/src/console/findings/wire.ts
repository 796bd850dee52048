/** What the server tells of findings; names follow the wire contract. */
import type { Person } from "@lib/types";
import { read } from "../api";
import { dayWords } from "../moments";
import type { Reason } from "../evidence/wire";
import type { Names, Page } from "../wire";

export const SOURCES = ["hand", "photo", "rule", "discrepancy"] as const;
export const KINDS = ["housing", "water", "schooling", "care", "income", "members", "measures", "identification", "procedure", "other"] as const;

export interface StepFile { name: string; slot: string | null; sha256: string; state: "complete" | "missing"; op_id: string; /** For whoever reviews photos. */ reasons?: Reason[] }
export interface Step {
  id: string; n: number; step: string; side: string; author: Person | null; at: string; text: string;
  due: string | null; lead: string | null; partner: string | null; check: string | null; files: StepFile[];
}
export interface FindingErrand { id: string; kind: "check" | "similar"; person: Person | null; form_id: string; entity_id: string; due: string | null; state: string; done_by: string | null; verified: string | null }
export interface Finding {
  id: string; number: string; region: string; region_names: Names | null; household: { id: string; label: string } | null; source: (typeof SOURCES)[number]; kind: string; text: string;
  about: { rule?: string; property?: string; first?: string | null; second?: string | null; inspection?: string; instance_id?: string; codes?: string[] };
  photo_id: string | null; slot: string | null; opened_by: Person | null; opened_at: string; state: string; since: string; due_on: string | null; over_days: number;
  risen: number; risen_to: string | null; risen_to_names: Names | null; last: number; steps: Step[];
}
export interface OneFinding extends Finding { may: string[]; errands: FindingErrand[] }
export interface StepKind { name: string; labels: Names; by: string; from: string[]; to: string; needs: string[] }
export interface Course { states: { name: string; labels: Names; final: boolean }[]; steps: StepKind[]; clocks: { id: string; status: string; source: string; days: Record<string, number> } }
export interface Alike { region: string; households: number; most: number; first: { id: string; label: string; region: string }[]; why: Names | null }
/** What came of sending somebody to each; `why` where nobody was sent just now. */
export interface Sent { errands: number; new: number; left_out: number; why: Names | null }

let kept: Promise<Course> | null = null;
/** A day of a clock in words: 11月29日 周日. */
export const dayOf = (day: string): string => dayWords(new Date(`${day}T12:00:00+08:00`));

/** Read once: it is a definition of the server. */
export function readCourse(): Promise<Course> {
  kept ??= read<Course>("/findings/workflow").catch((cause: unknown) => {
    kept = null;
    throw cause;
  });
  return kept;
}

/** Of GET /assignments; `household`: how it is called, null once it is no longer on loan. */
export interface Errand { id: string; form_id: string; entity_id: string; household: string | null; region: string; region_names: Names | null; due: string | null; reason: string; reason_en: string | null; stop: number | null; state: string }

/** How forms are called. */
export async function readFormNames(): Promise<Map<string, Names>> {
  return new Map((await read<{ form_id: string; names: Names }[]>("/forms")).map((one) => [one.form_id, one.names]));
}

export const readFindings = (query: Record<string, string | undefined>, after?: string): Promise<Page<Finding>> => read<Page<Finding>>("/findings", { ...query, limit: "100", after });
export const findingPhoto = (id: string, name: string, size: "320" | "1280" = "320"): string => `/api/v1/findings/${id}/photos/${name}?size=${size}`;

/** The reasons to look at a photo of a step, the heaviest first; what is only told is left out. */
export const weighed = (file: StepFile): Reason[] => (file.reasons ?? []).filter((one) => one.level !== "info").sort((a, b) => a.level.localeCompare(b.level));

/** The last check on the spot that is done since the village reported; null while nobody looked. */
export function lastCheck(finding: OneFinding): FindingErrand | null {
  return finding.errands.find((one) => one.kind === "check" && one.done_by !== null) ?? null;
}
