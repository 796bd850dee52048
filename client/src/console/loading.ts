/** One reading that a page shows: its value, whether it runs, why it failed. A later call overtakes an earlier one. */
import { type Ref, ref, shallowRef } from "vue";
import type { Page } from "./wire";

export interface Loading<T> { value: Ref<T | null>; busy: Ref<boolean>; failed: Ref<unknown>; load: () => Promise<void> }

export function useLoading<T>(read: () => Promise<T>): Loading<T> {
  const value = shallowRef<T | null>(null);
  const busy = ref(false);
  const failed = shallowRef<unknown>(null);
  let latest = 0;
  async function load(): Promise<void> {
    const turn = ++latest;
    busy.value = true;
    try {
      const answer = await read();
      if (turn === latest) [value.value, failed.value] = [answer, null];
    } catch (cause) {
      if (turn === latest) [value.value, failed.value] = [null, cause];
    } finally {
      if (turn === latest) busy.value = false;
    }
  }
  return { value, busy, failed, load };
}

/** A list read page by page: `load` reads it anew, `further` adds the page that follows, unless the list is another one by then. */
export function usePages<T>(ask: (after?: string) => Promise<Page<T>>): Loading<Page<T>> & { further: Loading<void> } {
  const first = useLoading(() => ask());
  const further = useLoading(async () => {
    const [seen, more] = [first.value.value, await ask(first.value.value?.next ?? undefined)];
    if (seen && first.value.value === seen) first.value.value = { items: [...seen.items, ...more.items], next: more.next };
  });
  return { ...first, further };
}
