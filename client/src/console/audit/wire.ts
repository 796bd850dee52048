/** What the server tells of the audit. */
import type { Person } from "@lib/types";
import type { Names } from "../wire";

export interface Thing { kind: string; id: string; name: string | null; names?: Names }
export interface Entry {
  number: number; at: string; person: Person | null; action: string; subject: string; region: string | null; hash: string;
  about: Thing | null; other: Person | null; household: Thing | null; within?: Thing | null; detail: Record<string, unknown> | null;
  /** Codes of the detail in words, by their name in it. */
  words?: Record<string, Names>;
}
export interface Head { number: number; hash: string | null; vouched: boolean }
/** Kinds that the list can be narrowed to, by the first word of an action. */
export const KINDS = ["record", "quarantine", "draft", "answers", "photo", "submission", "conflict", "place", "export", "audit", "user", "enrolment", "device", "household", "inspection", "finding", "form", "policy", "register", "region", "auth", "key", "password", "qualification", "courier", "held", "datum_doubt", "features", "feedback", "patterns", "openrosa_token"] as const;
