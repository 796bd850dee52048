/** A typed answer: kept as typed on the screen, given to the engine a moment later, never later than leaving the field. */
import { onBeforeUnmount, ref, watch } from "vue";
import type { Ref } from "vue";

/** Long enough for a thumb on a small keyboard, short enough that autosave stays under its bound. */
const TYPING_PAUSE_MS = 150;

export interface Typing {
  text: Ref<string>;
  type(text: string): void;
  settle(): void;
}

/** `read` gives the engine's text; `write` sets it. The engine's own changes show unless somebody is typing. */
export function useTyping(read: () => string, write: (text: string) => void): Typing {
  const text = ref(read());
  let timer: ReturnType<typeof setTimeout> | undefined;
  let pending = false;

  function settle(): void {
    clearTimeout(timer);
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
      clearTimeout(timer);
      timer = setTimeout(settle, TYPING_PAUSE_MS);
    },
  };
}
