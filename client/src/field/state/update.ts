/** A new version of the app waits until the worker says so; nothing is reloaded under anybody's hands. */
import { ref } from "vue";

export const updateReady = ref(false);
let waiting: ServiceWorker | null = null;

export async function watchForUpdates(): Promise<void> {
  if (!("serviceWorker" in navigator) || !import.meta.env.PROD) return;
  const registration = await navigator.serviceWorker.register("/sw.js", { updateViaCache: "none" }).catch(() => undefined);
  if (!registration) return;
  followOtherTabs();
  if (registration.waiting && navigator.serviceWorker.controller) offer(registration.waiting);
  registration.addEventListener("updatefound", () => watch(registration.installing));
}

function watch(worker: ServiceWorker | null): void {
  worker?.addEventListener("statechange", () => {
    // Without a controller this is the first install: nothing to update from.
    if (worker.state === "installed" && navigator.serviceWorker.controller) offer(worker);
  });
}

/** Another tab has updated: this one still runs the version before, until the worker says so. */
function followOtherTabs(): void {
  if (!navigator.serviceWorker.controller) return;
  navigator.serviceWorker.addEventListener("controllerchange", () => { waiting = null; updateReady.value = true; });
}

function offer(worker: ServiceWorker): void {
  waiting = worker;
  updateReady.value = true;
}

export function updateNow(): void {
  if (!waiting) return window.location.reload();
  navigator.serviceWorker.addEventListener("controllerchange", () => window.location.reload(), { once: true });
  waiting.postMessage("update-now");
}

export async function lookForUpdate(): Promise<boolean> {
  const registration = await navigator.serviceWorker?.getRegistration("/");
  await registration?.update();
  // Found, but still being fetched: the banner follows when all its files are here.
  return updateReady.value || Boolean(registration?.installing);
}
