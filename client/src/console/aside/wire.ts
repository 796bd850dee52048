/** What the server tells of work that waits for a person; names follow the wire contract. */
import type { Person } from "@lib/types";

export const STATES = ["open", "held", "applied", "dismissed"] as const;
export type State = (typeof STATES)[number];

export interface Aside {
  id: string; op_id: string | null; instance_id: string | null; code: string; detail: string | null; region: string | null;
  author: Person | null; received_at: string; state: "open" | "applied" | "dismissed";
}
export interface Decision { by: Person | null; at: string; reason?: string; region?: string }
/** One row with its bytes; reading it is noted by the server. */
export interface Opened extends Aside { raw: string; raw_base64?: string; decision?: Decision | null }
export interface Held { op_id: string; waits_for: string | null; since: string; author: Person | null; region: string | null }
export interface Outcome { op_id: string; status: string; code: string | null }
