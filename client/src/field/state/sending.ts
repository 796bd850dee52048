/** One thing that a sheet does: whether it is under way, and in the worker's words why it failed. Meanwhile nothing else is begun. */
import { type Ref, ref } from "vue";
import { problemText } from "./sentences";

/** `sending` gives whether it went through. */
export interface Sending { busy: Ref<boolean>; problem: Ref<string>; sending: (work: () => Promise<unknown>) => Promise<boolean> }

export function useSending(): Sending {
  const busy = ref(false);
  const problem = ref("");
  async function sending(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    [busy.value, problem.value] = [true, ""];
    try {
      await work();
      return true;
    } catch (cause) {
      problem.value = problemText(cause);
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, sending };
}
