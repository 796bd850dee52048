/** Search and filter stay when the reader comes back from a household; they go when the store is locked: a search names people. */
import { reactive } from "vue";

export const FILTERS = ["all", "task", "due", "overdue", "question", "conflict", "changed", "unvisited", "draft", "waiting"] as const;
export type Filter = (typeof FILTERS)[number];

interface WorklistView { search: string; filter: Filter; group: string; near: boolean }
const whole = (): WorklistView => ({ search: "", filter: "all", group: "", near: false });

export const kept = reactive(whole());

export function showWhole(): void {
  Object.assign(kept, whole());
}
