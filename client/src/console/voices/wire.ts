import type { Person } from "@lib/types";

export const STATES = ["open", "read"] as const;
export interface Voice { op_id: string; about: "complaint" | "suggestion"; text: string; app_build: string; author: Person | null; region: string | null; received_at: string; state: (typeof STATES)[number]; read_at: string | null; read_by: Person | null }
