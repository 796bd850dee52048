/** The PIN made into a key: in a worker that stands ready while the digits are typed, in the page where none can be had. */
import type { Stretched } from "./argon";
import type { Asked, Told } from "./pin-worker";

/** Its memory goes back this long (ms) after the last PIN. */
const REST_MS = 30_000;

let worker: Worker | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let asked = 0;
const waiting = new Map<number, (told: Told) => void>();

/** Starts the worker and compiles its code; call it when somebody is about to type a PIN. */
export function readyForPin(): void {
  worker ??= startWorker();
  clearTimeout(timer);
  if (worker) timer = setTimeout(stop, REST_MS);
}

function startWorker(): Worker | null {
  if (typeof Worker === "undefined") return null;
  try {
    const made = new Worker(new URL("./pin-worker.ts", import.meta.url), { type: "module" });
    made.onmessage = ({ data }: MessageEvent<Told>) => waiting.get(data.n)?.(data);
    made.onerror = () => { if (worker === made) stop(); };
    return made;
  } catch {
    return null; // an old browser without module workers
  }
}

/** What it was asked for meanwhile is done in the page. */
function stop(): void {
  worker?.terminate();
  worker = null;
  for (const [n, tell] of [...waiting]) tell({ n });
}

export async function keyBytes(pin: string, wrap: Stretched): Promise<Uint8Array<ArrayBuffer>> {
  readyForPin();
  return (worker && (await inWorker(worker, pin, wrap))) ?? (await import("./argon")).stretch(pin, wrap);
}

function inWorker(at: Worker, pin: string, { salt, memory_kib, rounds }: Stretched): Promise<Told["raw"]> {
  const n = ++asked;
  return new Promise((resolve) => {
    waiting.set(n, ({ raw }) => { waiting.delete(n); resolve(raw); });
    at.postMessage({ n, pin, salt, memory_kib, rounds } satisfies Asked);
  });
}
