/** What the server tells of places of a record and of batches in another datum; names follow the wire contract. */
import type { Person } from "@lib/types";
import type { Names } from "../wire";

export interface Beside { region: string; where: "inside" | "edge" | "outside"; inside: boolean; metres: number; limit: number; rule: string }
export interface Spot { lon: string; lat: string }
export interface Stated { lon: string | null; lat: string | null; accuracy_m: string | null; datum: string | null; source: string | null; fix_time: string | null }
export type PlaceState = "shown" | "open" | "superseded" | "withdrawn";

/** One place that the household ever had; the newest comes first. */
export interface Placed {
  op_id: string; instance_id: string | null; version: number; author: Person | null; at: string | null; place: Stated; wgs84: Spot | null;
  metres_from_place: number | null; reason: string | null; suggested: { n: number; spread_m: string; rule: string } | null;
  state: PlaceState; superseded_by: string | null; village: Beside | null;
}
export interface Suggestion {
  place: (Spot & { accuracy_m: string; datum: string }) | null; why: "no_policy" | "too_few" | "too_wide" | null; n: number; spread_m: string; rule: string;
  limits?: { good_fix_m: number; good_fixes: number; spread_m: number }; fixes: { instance_id: string; metres: number }[];
  metres_from_place?: number | null; village: Beside | null;
}
export interface Places { entity_id: string; version: number; items: Placed[]; suggestion: Suggestion }
export interface SetAnswer { op_id: string; status: string }

/** The datum as it is declared: what the server knows by these names. */
export const DATUMS = ["wgs84", "cgcs2000", "gcj02", "bd09"] as const;
export type Datum = (typeof DATUMS)[number];
/** What somebody is about to set by hand. */
export interface Draft { lon: string; lat: string; datum: Datum; source: "manual_pin" | "corrected" }

export type DoubtState = "open" | "explained" | "confirmed" | "gone";
export const DOUBT_STATES: DoubtState[] = ["open", "explained", "confirmed", "gone"];
export interface Doubt {
  id: string; install_id: string; author: Person | null; day: string; region: string | null; likely: string; n: number;
  east_m: number; north_m: number; apart_m: number; left_m: number; limits: { datum_pairs: number; datum_shift_m: number; datum_left_percent: number };
  rule: string; message: Names; state: DoubtState; found_at: string; seen_at: string; word: { by: Person | null; at: string; note: string } | null;
}
