/** What the server tells of values that people wrote differently; names follow the wire contract. */
import type { Person } from "@lib/types";
import type { Names, Visit } from "../wire";

export type Value = string | null | Record<string, string | null>;
export interface Head {
  op_id: string; instance_id: string | null; entity_id: string; value: Value; saw?: Value; author: Person | null; role: string | null;
  visit: Omit<Visit, "location"> | null; photos: { id: string; slot: string | null }[]; witnesses: { op_id: string; author: Person | null }[];
}
export interface Conflict {
  id: string; kind: "property" | "state" | "rule" | "duplicate"; entity_id: string; dataset: string; label: string; region: string; properties: string[]; state: "open" | "settled_by_rule" | "resolved";
  opened_at: string; shown: Value; heads: Head[]; broken?: { message: Names; cure: Names };
}
export interface Property { name: string; labels: Names; type: string; group: string | null; choices: { value: string; labels: Names }[]; unit: string | null }
export interface Dataset { name: string; labels: Names; card: string[]; properties: Property[] }
export interface Decided { status: string; code?: string }
