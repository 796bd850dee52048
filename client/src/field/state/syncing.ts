/** When the phone talks to the server: by itself when it can, and when the worker asks. */
import { readonly, ref } from "vue";
import { onChange } from "@lib/changes";
import { backOff } from "@lib/core/ops";
import { keepFindingPhotos } from "@lib/finding-photos";
import { fetchLastPhotos } from "@lib/last-photos";
import { asProblem, Problem } from "@lib/problem";
import { isUnlocked, session, whileOpen } from "@lib/session";
import { sync, type SyncOutcome, type SyncProgress, type SyncResult } from "@lib/sync";
import { photosWait } from "./photo-line";

const online = ref(typeof navigator === "undefined" ? true : navigator.onLine);
const busy = ref(false);
const step = ref<SyncProgress | null>(null);
const result = ref<SyncResult | null>(null);
const outcome = ref<SyncOutcome | null>(null);
const failure = ref<Problem | null>(null);

export const isOnline = readonly(online);
export const running = readonly(busy);
export const progress = readonly(step);
export const lastResult = readonly(result);
export const lastOutcome = readonly(outcome);
export const lastFailure = readonly(failure);

let failures = 0;
let timer: ReturnType<typeof setTimeout> | undefined;
/** Even when all is well: others' work should arrive during a day in the village office. */
const EVERY_MS = 15 * 60_000;
/** Another tab was at it: what was saved here since may have missed its round. */
const AFTER_ANOTHER_MS = 20_000;
let elsewhere = false;

/** Asked for while a round ran: of the worker before, or before the last visit was saved. Another follows it. */
let again = false;

/** What the worker asked to go before everything else, and no round has begun with yet. */
let wish: string | undefined;

/** One round now; `photos`: also those that wait for a better line; `first`: this photo, or this op's photos, on any line. The worker's own wish does not wait for the back-off. */
export async function syncNow(options: { check?: boolean; photos?: boolean; first?: string } = {}): Promise<SyncResult | null> {
  if (!isUnlocked()) return null;
  wish = options.first ?? wish;
  again = busy.value;
  if (busy.value) return null;
  busy.value = true;
  clearTimeout(timer);
  try {
    const first = wish;
    wish = undefined;
    const came = await sync({ check: options.check === true, photosWait: !options.photos && photosWait(), first, onProgress: (now) => { step.value = now; } });
    learn(came);
    return came;
  } catch (cause) {
    failure.value = asProblem(cause);
    failures += 1;
    return null;
  } finally {
    busy.value = false;
    step.value = null;
    if (again) void syncByItself();
    else planNext();
  }
}

function learn(came: SyncResult): void {
  elsewhere = came.outcome === "busy";
  // Locked while the round ran: what it says belongs to nobody any more.
  if (came.outcome === "busy" || !isUnlocked()) return;
  result.value = came;
  outcome.value = came.outcome;
  failure.value = came.problems[0]?.problem ?? null;
  online.value = came.outcome !== "offline";
  failures = came.outcome === "done" ? 0 : failures + 1;
  if (came.outcome === "done") void whileOpen(lookForPhotos);
}

/** After a good round, beside everything else. A lost line is no failure of anything: the next round asks again. */
async function lookForPhotos(): Promise<void> {
  try {
    await keepFindingPhotos(session());
    await fetchLastPhotos(session());
  } catch (cause) {
    if (!(cause instanceof Problem)) throw cause;
  }
}

function planNext(): void {
  clearTimeout(timer);
  const wait = failures > 0 ? backOff(failures, wished(), Math.random()) * 1000 : elsewhere ? AFTER_ANOTHER_MS : EVERY_MS;
  timer = setTimeout(() => void syncByItself(), wait);
}

/** Of all that was refused in the last round: the longest wait that was asked for. */
const wished = (): number => Math.max(...[failure.value, ...(result.value?.problems ?? []).map(({ problem }) => problem)].map((problem) => problem?.retryAfter ?? 0));

async function syncByItself(): Promise<void> {
  if (document.visibilityState === "visible" && navigator.onLine && outcome.value !== "sign_in") await syncNow();
  else if (isUnlocked()) planNext();
}

/** Starts the automatic rounds: at unlock, when the network is back, when the app is looked at again, after a save. */
export function startSyncing(): () => void {
  const back = (): void => { online.value = true; failures = 0; void syncByItself(); };
  const gone = (): void => { online.value = false; };
  const seen = (): void => { if (document.visibilityState === "visible") void syncByItself(); };
  window.addEventListener("online", back);
  window.addEventListener("offline", gone);
  document.addEventListener("visibilitychange", seen);
  void syncByItself();
  return () => {
    clearTimeout(timer);
    window.removeEventListener("online", back);
    window.removeEventListener("offline", gone);
    document.removeEventListener("visibilitychange", seen);
  };
}

/** A new sign-in: what was refused may go now. */
export function signedInAgain(): void {
  outcome.value = null;
  failures = 0;
  void syncNow();
}

export function forgetSyncing(): void {
  clearTimeout(timer);
  result.value = null;
  outcome.value = null;
  failure.value = null;
  failures = 0;
  elsewhere = false;
  wish = undefined;
}

/** Calls `load` now and whenever one of the topics changes; bursts are drawn once. */
export function follow(topics: string[], load: () => Promise<void> | void): () => void {
  let waiting = false;
  const stop = onChange((topic) => {
    if (!topics.includes(topic) || waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      void whileOpen(load);
    }, 150);
  });
  void whileOpen(load);
  return stop;
}
