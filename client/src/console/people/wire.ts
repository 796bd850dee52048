/** What the server tells of people, phones and areas; names follow the wire contract. */
import type { Person } from "@lib/types";
import type { Names } from "../wire";

export const ROLES = ["cadre", "supervisor", "admin", "auditor", "inspector"] as const;
export interface Role { role: string; region: string | null }
export interface Member extends Person { active: boolean; created_at: string; roles: Role[]; households: number; devices: number }
export interface Helped { household_id: string; label: string; region: string; position: string; already: string | null; others: { position: string; person: Person }[] }
export interface InviteRow { line: number; username: string; name: string; role: string; region: string | null; problems: string[]; state: string }
export interface Invited { rows: InviteRow[]; applied: boolean; people: Record<string, string> }
export interface Code { id: string; code: string; address: string; qr_png: string; expires_at: string }
export interface Feed { scope: string; state: "held" | "revoking" | "wiped"; since: string | null; count: number | null }
export interface Device {
  install_id: string; device: { name: string; model: string; app_build: string }; person: Person; person_active: boolean; created_at: string; last_seen_at: string;
  revoked_at: string | null; said_at: string | null; outbox: { count: number | null; oldest: string | null }; clock_ahead_s: number | null; feeds: Feed[];
}
export const DEVICE_STATES = ["all", "working", "silent", "waiting", "handing_over", "revoked"] as const;
export interface Side { parent: string | null; names: Names }
export interface AreaChange { id: string; region: string; kind: "renamed" | "moved"; day: string; reason: string; before: Side; after: Side; by: Person | null; state: "waiting" | "applied" | "withdrawn" }
export interface ChangeLook extends AreaChange { regions: number; households: number; people: number; at_once: boolean }
export interface AreaImport { new: number; changed: number; unchanged: number; boundaries: number; notes: string[]; repairs: unknown[]; applied: boolean }
