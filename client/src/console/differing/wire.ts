/** What the server tells of values that people wrote differently; names follow the wire contract. */
import type { Person } from "@lib/types";
import type { Declared, Names, Visit } from "../wire";

export type Value = string | null | Record<string, string | null>;
export interface Head {
  op_id: string; instance_id: string | null; entity_id: string; value: Value; saw?: Value; author: Person | null; role: string | null;
  visit: Omit<Visit, "location"> | null; location?: Declared | null; photos: { id: string; slot: string | null }[]; witnesses: { op_id: string; author: Person | null }[];
}
export interface Conflict {
  id: string; kind: "property" | "state" | "rule" | "duplicate"; entity_id: string; dataset: string; label: string; region: string; properties: string[]; state: "open" | "settled_by_rule" | "resolved";
  opened_at: string; closed_at?: string | null; shown: Value; heads: Head[]; broken?: { message: Names; cure: Names };
  resolution?: { how: string; choose?: string; value?: Value; reason?: string; author: Person | null } | null;
}
/** A household of the queue, with what waits in it. */
export interface Waiting { id: string; label: string | null; region: string | null; count: number; weight: number; oldest: string }
/** What was just decided of a household; `ids` can be taken back, `left` waits still. */
export interface Finished { household: string; label: string; left: number; properties: string[]; ids: string[] }
export interface Property { name: string; labels: Names; type: string; group: string | null; choices: { value: string; labels: Names }[]; unit: string | null }
export interface Dataset { name: string; labels: Names; card: string[]; properties: Property[] }
export interface Decided { status: string; code?: string }
