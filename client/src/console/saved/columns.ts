/** Which columns of a table are shown; the choice stays on this computer. */
import { type Ref, ref, watch } from "vue";

export const COLUMNS = ["state", "review", "household", "area", "form", "author", "visited", "received", "mode", "photos", "accuracy"] as const;
export type Column = (typeof COLUMNS)[number];
/** These say which row it is. */
export const FIXED: readonly Column[] = ["state", "household"];
const KEY = "ruhu-console-columns";

/** Those of a kept choice that exist, with those that are always there; all but the way of contact when nothing was chosen. */
export function columnsOf(kept: string | null): Column[] {
  const named = kept === null ? COLUMNS.filter((one) => one !== "mode") : kept.split(",");
  return COLUMNS.filter((one) => FIXED.includes(one) || named.includes(one));
}

export function useColumns(): Ref<Column[]> {
  const columns = ref(columnsOf(localStorage.getItem(KEY)));
  watch(columns, (chosen) => localStorage.setItem(KEY, chosen.join(",")));
  return columns;
}
