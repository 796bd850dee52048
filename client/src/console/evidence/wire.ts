/** What the server tells of photos to look at; names follow the wire contract. */
import type { Person } from "@lib/types";
import type { HouseholdName, Names } from "../wire";

export const STATES = ["open", "asked", "done"] as const;
export type LookState = (typeof STATES)[number];
export type Word = "confirmed" | "explained" | "unclear" | "ask";
export type Level = "info" | "warn" | "fail";

/** Codes in the order in which a list offers them. */
export const CODES = ["DIST_HH", "DUP_EXACT", "DUP_NEAR", "SPEED", "CHAIN", "EXIF_TIME", "DATUM", "EXIF_GPS", "CLOCK", "FIX_STALE", "ACC_LOW", "ACC_ZERO", "UNREADABLE", "DARK", "SOFTWARE", "NO_EXIF", "LOWRES", "DEV_NEW"] as const;

export interface Reason {
  code: string; level: Level; value: number | string | null; limit: number | string | null; rule: string; message: Names;
  inputs: { metres?: number; accuracy_m?: number | null; house_accuracy_m?: number | null; hidden?: number; others?: string[]; other?: string };
}
export interface Place { lon: number; lat: number; accuracy_m: number | null }

/** One photo of the queue. */
export interface Look {
  id: string; state: LookState; weight: number; drawn: boolean; opened_at: string; reasons: Reason[]; question_id: string | null;
  instance_id: string; entity_id: string | null; household: HouseholdName | null; region: string | null; form_id: string; author: Person | null;
  slot: string | null; name: string; taken_at: string | null; photo_state: "pending" | "ready" | "unreadable"; width: number | null; height: number | null;
}
/** Another photo, held beside this one. */
export interface Shot {
  id: string; instance_id: string; form_id: string; household: HouseholdName | null; region: string | null; slot: string | null;
  taken_at: string | null; received_at: string; place: Place | null; width: number | null; height: number | null; codes?: string[];
}
export interface Verdict { id: string; verdict: Word; note: string; codes: string[]; at: string; author: Person | null; question_id: string | null }
export interface LookWhole extends Look { verdicts: Verdict[]; same_slot: Shot[]; others: Shot[] }

export interface Step { from: number; to: number; confirmed: number; explained: number; unclear: number }
export interface Tally { code: string; confirmed: number; explained: number; unclear: number; ask: number; limit: number | null; steps: Step[] }
