/** A typed answer: kept as typed on the screen, given to the engine a moment later, never later than leaving the field. */
import { onBeforeUnmount, ref, watch } from "vue";
import type { Ref } from "vue";
import { useForm } from "../session";

/** The engine follows typing at this pace (ms): with the autosave's own delay an answer is stored within 300 ms. */
const TYPING_MS = 100;

export interface Typing {
  text: Ref<string>;
  type(text: string): void;
  settle(): void;
}

/** `read` gives the engine's text; `write` sets it. The engine's own changes show unless somebody is typing. */
export function useTyping(read: () => string, write: (text: string) => void): Typing {
  const { typing, saving } = useForm();
  const text = ref(read());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pending = false;

  function settle(): void {
    clearTimeout(timer);
    timer = undefined;
    typing.delete(settle);
    if (!pending) return;
    pending = false;
    write(text.value);
  }

  watch(read, (now) => { if (!pending) text.value = now; });
  onBeforeUnmount(settle);
  return {
    text, settle,
    type(typed) {
      text.value = typed;
      pending = true;
      saving.value = "waiting";
      typing.add(settle);
      timer ??= setTimeout(settle, TYPING_MS);
    },
  };
}
