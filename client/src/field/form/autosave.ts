/** Saves soon after the last change, one save at a time, and at once when the page is being left. */

export type SaveState = "saved" | "waiting" | "saving" | "failed";

export interface Autosave {
  /** Something changed: save within `delay`. */
  changed(): void;
  /** Save now what is not yet saved; resolves when it is on the phone (or has failed: see `onState`). */
  flush(): Promise<void>;
  /** No save after this: the draft was handed over or left. */
  stop(): void;
}

/** Longest time (ms) that an answer may live only in memory. */
export const SAVE_DELAY_MS = 180;

/** `save` serialises and stores the current answers; it is never run twice at the same time. `isTyping`: more is on its way. */
export function autosave(
  save: () => Promise<void>, onState: (state: SaveState, cause?: unknown) => void, delay = SAVE_DELAY_MS, isTyping = (): boolean => false,
): Autosave {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running: Promise<void> | null = null;
  let dirty = false;
  let stopped = false;

  async function drain(): Promise<void> {
    while (dirty && !stopped) {
      dirty = false;
      onState("saving");
      try {
        await save();
        onState(dirty || isTyping() ? "waiting" : "saved");
      } catch (cause) {
        dirty = true; // kept for the next change or flush; never dropped in silence
        onState("failed", cause);
        return;
      }
    }
  }

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    running ??= drain().finally(() => { running = null; });
    return running;
  }

  return {
    changed() {
      if (stopped) return;
      dirty = true;
      onState("waiting");
      // Not restarted by later changes: somebody who types without pause is saved all the same.
      timer ??= setTimeout(() => void flush(), delay);
    },
    flush,
    stop() { stopped = true; clearTimeout(timer); },
  };
}

/** Calls `flush` whenever the browser may be about to take the page away. Returns the way to stop. */
export function flushWhenLeft(flush: () => Promise<void>): () => void {
  const onHide = (): void => { if (document.visibilityState === "hidden") void flush(); };
  const onLeave = (): void => void flush();
  document.addEventListener("visibilitychange", onHide);
  window.addEventListener("pagehide", onLeave);
  return () => {
    document.removeEventListener("visibilitychange", onHide);
    window.removeEventListener("pagehide", onLeave);
  };
}
