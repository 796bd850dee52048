/** The states of a submission in a reader's words. Each has an icon and a word; colour only repeats them. */
export type Shown = "accepted" | "sent" | "waits" | "contested" | "needs_you";

export interface Stateful { status: string | null; photos?: { named: number; here: number } | null }

/** accepted: applied with all photos · sent: photos or an earlier op missing · needs_you: a person must look. */
export function stateOf({ status, photos }: Stateful): Shown {
  if (status === "quarantined" || status === "unreadable") return "needs_you";
  if (status === "held" || status === null) return "waits";
  if (photos && photos.here < photos.named) return "sent";
  return status === "conflicted" ? "contested" : "accepted";
}
