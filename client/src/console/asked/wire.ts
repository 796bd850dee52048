/** What the server tells of questions about visits; names follow the wire contract. */
import type { Person } from "@lib/types";

export const STATES = ["open", "answered", "closed"] as const;
export interface GivenFile { id: string; name: string; sha256: string | null; state: "complete" | "missing" }
export interface Given { op_id: string; text: string; author: Person | null; received_at: string; attachments: GivenFile[] }
export interface Question {
  id: string; instance_id: string; entity_id: string | null; attachment_id: string | null; path: string | null; text: string; state: (typeof STATES)[number];
  asked_at: string; region: string | null; asked_by: Person | null; author: Person | null; answers: Given[];
  closed: { by: Person | null; at: string; why: string } | null;
}
