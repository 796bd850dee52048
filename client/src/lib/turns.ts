/** One at a time, also across tabs where the browser has locks: `inTurn` waits, `ifFree` gives up at once, `hold` keeps the turn until it is given back. */

const tails = new Map<string, Promise<unknown>>();
const busy = new Set<string>();

const locks = (): LockManager | undefined => (typeof navigator === "undefined" ? undefined : (navigator.locks as LockManager | undefined));

export async function inTurn<T>(name: string, work: () => Promise<T>): Promise<T> {
  const shared = locks();
  if (shared) return shared.request(name, work) as Promise<T>;
  const turn = (tails.get(name) ?? Promise.resolve()).then(work, work);
  tails.set(name, turn.catch(() => undefined));
  return turn;
}

/** Undefined when somebody else is at it. */
export async function ifFree<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
  const shared = locks();
  if (shared) return shared.request(name, { ifAvailable: true }, (lock) => (lock ? work() : undefined)) as Promise<T | undefined>;
  if (busy.has(name)) return undefined;
  busy.add(name);
  try {
    return await work();
  } finally {
    busy.delete(name);
  }
}

/** A tab that was just closed or reloaded still holds its turns for a moment: so often, and so long in between (ms), it is tried. */
const TRIES = 8;
const BETWEEN_MS = 250;

/** The way to give it back; undefined when another tab has it. A tab that dies gives back all it holds. */
export async function hold(name: string, tries = TRIES): Promise<(() => void) | undefined> {
  for (let left = tries; left > 0; left -= 1) {
    const giveBack = await take(name);
    if (giveBack || left === 1) return giveBack;
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  return undefined;
}

function take(name: string): Promise<(() => void) | undefined> {
  return new Promise((resolve) => {
    void ifFree(name, () => new Promise<void>((end) => resolve(end))).then(() => resolve(undefined));
  });
}
