/** One thing that a page sends: whether it is on its way, and in words why it failed. While it is, nothing else is sent. */
import { type Ref, ref } from "vue";
import { problemWords } from "./problem-words";

export interface Sending { busy: Ref<boolean>; told: Ref<string>; sending: (work: () => Promise<void>) => Promise<void> }

export function useSending(): Sending {
  const busy = ref(false);
  const told = ref("");
  async function sending(work: () => Promise<void>): Promise<void> {
    if (busy.value) return;
    [busy.value, told.value] = [true, ""];
    try {
      await work();
    } catch (cause) {
      told.value = problemWords(cause);
    } finally {
      busy.value = false;
    }
  }
  return { busy, told, sending };
}
