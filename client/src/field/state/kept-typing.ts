/** Keeps what is typed: a moment after the last letter, and at once when the page goes. */
import { onBeforeUnmount } from "vue";

const PAUSE_MS = 300;

export interface KeptTyping {
  typed(): void;
  /** What was typed is sent or kept already: nothing is left to keep. */
  settled(): void;
}

export function useKeptTyping(keep: () => void): KeptTyping {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  function settled(): void {
    clearTimeout(waiting);
    waiting = undefined;
  }
  function keepNow(): void {
    settled();
    keep();
  }
  onBeforeUnmount(() => { if (waiting !== undefined) keepNow(); });
  return {
    settled,
    typed() {
      clearTimeout(waiting);
      waiting = setTimeout(keepNow, PAUSE_MS);
    },
  };
}
