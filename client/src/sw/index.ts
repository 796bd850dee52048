/** The phone's service worker: keeps the app's own files for offline starts and touches nothing else.
 *
 * GET only. Never answers for /api, /key or /console. A new version is fetched beside the old one and waits until
 * the worker of the household visit says "update now"; nothing is reloaded under anybody's hands.
 */
declare const self: ServiceWorkerGlobalScope;

const VERSION = "__VERSION__";
const FILES: string[] = JSON.parse("__PRECACHE__") as string[];
const CACHE = `ruhu-app-${VERSION}`;
const NOT_OURS = ["/api", "/key", "/console", "/formList", "/submission", "/ogc", "/healthz", "/readyz", "/metrics"];

self.addEventListener("install", (event) => event.waitUntil(fill()));
self.addEventListener("activate", (event) => event.waitUntil(removeOldCaches()));
self.addEventListener("message", (event) => {
  if (event.data === "update-now") void self.skipWaiting();
});
self.addEventListener("fetch", (event) => {
  if (isOurs(event.request)) event.respondWith(answer(event.request));
});

/** All files or none: a half-filled cache would start a half app. */
async function fill(): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.addAll(FILES.map((url) => new Request(url, { cache: "no-cache" })));
}

async function removeOldCaches(): Promise<void> {
  const names = await caches.keys();
  // The version before stays: another tab may still be running it. Names come in the order of their making.
  const old = names.filter((name) => name.startsWith("ruhu-app-") && name !== CACHE).slice(0, -1);
  await Promise.all(old.map((name) => caches.delete(name)));
  await self.clients.claim();
}

function isOurs(request: Request): boolean {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== self.location.origin) return false;
  return !NOT_OURS.some((path) => url.pathname === path || url.pathname.startsWith(`${path}/`));
}

/** Cache first for files of this version; a page request always gets the app's page. */
async function answer(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const url = new URL(request.url);
  const isPage = request.mode === "navigate" && (url.pathname === "/" || url.pathname === "/index.html");
  const kept = await cache.match(isPage ? "/" : url.pathname);
  return kept ?? (await caches.match(url.pathname)) ?? fetch(request);
}

export {};
