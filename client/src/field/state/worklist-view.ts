/** Search and filter stay when the reader comes back from a household; they go when the store is locked: a search names people. */
import { reactive } from "vue";

interface WorklistView { search: string; filter: "all" | "task" | "draft" | "waiting"; group: string }
const whole = (): WorklistView => ({ search: "", filter: "all", group: "" });

export const kept = reactive(whole());

export function showWhole(): void {
  Object.assign(kept, whole());
}
