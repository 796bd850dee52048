/** Runs rounds of a phone in memory against the small server, over a line that may break at any request. */
import type { Ask, Happening } from "../../src/lib/core/round";
import { DiskFault, MemoryPhone } from "./memory-phone";
import type { SmallServer } from "./small-server";

/** before: the request is lost · after: the answer is lost · crash: the power goes before the answer is read · full: no room for the answer. */
export type Trouble = "" | "before" | "after" | "busy" | "crash" | "full" | "half";

export const newPhone = (seed = 1): MemoryPhone => new MemoryPhone({ install_id: "i1", user_id: "p1", build: "1", seed });

export const NOW = Date.parse("2026-11-22T08:00:00Z");

/** One round; `trouble(n)`: what happens at its n-th request. Gives the outcome ("" after a crash or a full disk). */
export function round(phone: MemoryPhone, server: SmallServer, { trouble = () => "" as Trouble, check = false, now = NOW }: { trouble?: (n: number) => Trouble; check?: boolean; now?: number } = {}): string {
  let ask = phone.sync(now, check);
  for (let n = 0; ask && ask.ask !== "done"; n += 1) {
    if (n > 500) throw new Error("The round does not end");
    const what = trouble(n);
    if (what === "crash") {
      if (n % 2) request(phone, server, ask);
      phone.crash();
      return "";
    }
    const event = meet(phone, server, ask, what);
    try {
      if (what === "full") phone.disk = "full";
      ask = phone.happen(event, now, check);
    } catch (fault) {
      if (!(fault instanceof DiskFault)) throw fault;
      return "";
    } finally {
      phone.disk = "well";
    }
  }
  return phone.lastOutcome;
}

function meet(phone: MemoryPhone, server: SmallServer, ask: Ask, what: Trouble): Happening {
  if (what === "before") return { type: "failed", code: "network.timeout" };
  if (what === "busy") return { type: "refused", status: 503, code: "server.busy" };
  const event = request(phone, server, ask);
  if (what === "after") return { type: "failed", code: "network.timeout" };
  if (what === "half" && ask.ask === "push" && event.type === "answered") {
    const body = event.body as { results: unknown[] };
    return { type: "answered", body: { ...body, results: body.results.slice(0, Math.floor(body.results.length / 2)) } };
  }
  return event;
}

function request(phone: MemoryPhone, server: SmallServer, ask: Ask): Happening {
  switch (ask.ask) {
    case "hello": return server.answer("/sync/hello", ask.body);
    case "push": return server.answer("/sync/push", { ops: ask.ops.map((id) => phone.wireOp(id)) });
    case "have": return server.answer("/blobs/have", { sha256: ask.sha256 });
    case "pull": return server.answer("/sync/pull", ask.body);
    case "digest": return server.answer(`/sync/digest?scope=${ask.scope}`, {});
    case "upload": return upload(phone, server, ask.photo);
    default: throw new Error(ask.ask);
  }
}

function upload(phone: MemoryPhone, server: SmallServer, id: string): Happening {
  const photo = phone.store.photos.find((one) => one.id === id);
  if (photo) server.now.blobs.add(photo.sha256);
  return { type: "answered", body: null };
}
