/** Moments in which nobody waits for the phone: what is not needed yet is made ready then. */

let touchedAt = 0;
const touch = (): void => { touchedAt = performance.now(); };
for (const kind of ["pointerdown", "keydown", "wheel", "touchmove"]) globalThis.addEventListener?.(kind, touch, { capture: true, passive: true });

const wait = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** The browser has nothing else to do; after ten seconds it counts as such. */
export function idle(): Promise<void> {
  if (typeof requestIdleCallback !== "function") return wait(500); // Safari before 26
  return new Promise((done) => void requestIdleCallback(() => done(), { timeout: 10_000 }));
}

/** Nobody has touched the phone for so long (ms), and it has nothing else to do. */
export async function calm(ms: number): Promise<void> {
  for (;;) {
    await idle();
    const left = touchedAt + ms - performance.now();
    if (left <= 0) return;
    await wait(left);
  }
}

/** What was changed now stands on the screen; a page that nobody sees is not drawn. */
export const drawn = (): Promise<void> => Promise.race([new Promise<void>((done) => requestAnimationFrame(() => setTimeout(done))), wait(1000)]);
