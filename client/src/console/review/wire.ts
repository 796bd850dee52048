/** A reviewer's word on a visit, and what it would do; names follow the wire contract. */
import type { Person } from "@lib/types";
import type { Names } from "../wire";

export const WORDS = ["approved", "has_issues", "rejected"] as const;
export type ReviewWord = (typeof WORDS)[number];
export interface Comment { text: string; path?: string }
export interface Review { state: ReviewWord; comments: Comment[]; at: string; author: Person | null }
export interface PlainChange { property: string; from: string | null; to: string | null }
export interface Considered { dataset: string; id: string; label: string; state: string; changes: PlainChange[] }
/** What a rejection would take back, or a decision make. */
export interface Effects { records: Considered[]; opens: number; closes: number; breaks?: Broken[]; mends?: Broken[] }
export interface Broken { rule: string; severity: "hard" | "soft"; message: Names; cure: Names }

/** Comments that say something, as they are sent. */
export const spoken = (comments: Comment[]): Comment[] => comments.map((one) => ({ ...one, text: one.text.trim() })).filter((one) => one.text !== "");

export interface Reviewable { review: string; status: string | null; findings: number; author: Person | null; photos: { named: number; here: number } | null }
/** Whether a visit can be approved unread: it was registered, nothing was found in it, its photos are here, and somebody else made it. */
export function isPlainVisit(row: Reviewable, me: string | undefined): boolean {
  const isHere = row.photos === null || row.photos.here >= row.photos.named;
  return row.review === "received" && (row.status === "applied" || row.status === "merged") && row.findings === 0 && isHere && row.author?.id !== me;
}
