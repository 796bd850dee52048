/** Keys in a table of rows: arrows move, Enter opens; the row that was opened last stays marked. */
import { nextTick, type Ref, useTemplateRef, watch } from "vue";

/** `screenful`: how many rows a page key passes. */
export interface Rows<T> { rows: () => T[]; idOf: (row: T) => string; active: Ref<string | null>; screenful: number; open: (id: string) => void }
/** `isStop`: the one row that Tab goes to. */
export interface RowKeys<T> { onKey: (event: KeyboardEvent) => Promise<void>; isStop: (row: T, n: number) => boolean }

/** The rows stand in the template's `ref="body"`. */
export function useRowKeys<T>({ rows, idOf, active, screenful, open }: Rows<T>): RowKeys<T> {
  const body = useTemplateRef<HTMLElement>("body");
  const steps: Record<string, number> = { ArrowDown: 1, ArrowUp: -1, PageDown: screenful, PageUp: -screenful, Home: -Infinity, End: Infinity };
  async function onKey(event: KeyboardEvent): Promise<void> {
    const step = steps[event.key];
    if (event.key === "Enter" && active.value) return open(active.value);
    const all = rows();
    if (step === undefined || all.length === 0) return;
    event.preventDefault();
    const at = all.findIndex((row) => idOf(row) === active.value);
    const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
    active.value = next === undefined ? null : idOf(next);
    await focusActive();
  }
  async function focusActive(): Promise<void> {
    await nextTick();
    body.value?.querySelector<HTMLElement>("tr[aria-selected=true]")?.focus();
  }
  watch(rows, () => active.value && void focusActive(), { immediate: true, flush: "post" });
  const isStop = (row: T, n: number): boolean => (active.value ? idOf(row) === active.value : n === 0);
  return { onKey, isStop };
}
