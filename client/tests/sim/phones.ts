/** Many phones in one process, driven line by line: the core of the phone's sync for seeded simulations.
 *
 * Built by `npm run sim-core` (works offline) to tests/sim/dist/sim-core.mjs; run with `node tests/sim/dist/sim-core.mjs`.
 * One JSON object a line comes in on stdin; for each, one JSON object a line goes out on stdout, in the same order.
 *
 * In:  {"phone": "a", "now": 1790000000000, "event": {"type": …}, "disk": "well" | "full" | "crash"}
 *      `now`: that phone's clock in ms (any value; `mono`, default `now`: its monotonic clock).
 *      `disk`: what the phone's disk does to this one event. full: nothing of it is written, the round ends (outcome "partial",
 *      code store.full). crash: nothing of it is written, and the power goes.
 * Out: {"phone": "a", "effects": [effect …], "state": {…}} or {"phone": "a", "error": "…", "effects": []}
 *
 * Events:
 *   {type: "open", install_id, user_id, seed, build?}           a phone, empty (again: starts anew)
 *   {type: "draft", draft, household_id, keys: [key], body?, known?}    a visit opens; its author sees these records as they are now
 *        `known` (here, at save and look): how many steps of the vocabulary the form knows; its rows are given in its words
 *   {type: "save", op_id, kind?, writes?, body?, household_id?, photos?, draft?, known?}
 *        the outbox gets an op. `writes`: [{dataset, id, create, label, parent, values}]; `entities` (base_version and base) and
 *        `depends_on` are filled in from what the phone shows, or from the draft's rows. `body`: all other members of the op
 *        (instance_id, form_id, instance_xml, visit, attachments …). `photos`: [{name, sha256, size}]. Answer: `op`, as it will be pushed.
 *   {type: "sync", check?}                                      begins a round; effects [] when one is running
 *   {type: "answered", body}                                    200, and its JSON (upload: any body)
 *   {type: "refused", status, code, retryAfter?}                any other status
 *   {type: "failed", code?}                                     no answer came (default code network.unreachable)
 *   {type: "crash"}                                             the power goes: the running round is lost, what was written stays
 *   {type: "look", known?}                                            answer has `rows`, `seen`, `outbox`, `digests` beside `state`
 *
 * Effects: at most one at a time; answer it with answered, refused or failed.
 *   {ask: "hello" | "push" | "have" | "pull" | "digest", method, path, body}    path below /api/v1; GET has no body
 *   {ask: "upload", photo: {id, owner, name, sha256, size, offset}}             send its bytes by tus
 *   {ask: "done", outcome, wipe, result}                                        the round is over; wipe: this phone is empty now
 *
 * A key is "entity:<dataset>:<id>". `state`: {seq, acked_seq, epoch, ops: {queued, held, settled, stuck}, photos_pending, drafts,
 * feeds: {scope: {after, head, view, sweeping}}, records, bases, running, wiped}.
 */
import { createInterface } from "node:readline";
import { digestOf, recordsOf } from "../../src/lib/core/digest";
import type { Ask, Happening } from "../../src/lib/core/round";
import { DiskFault, MemoryPhone, type Saving } from "./memory-phone";

interface Line { phone: string; now?: number; mono?: number; disk?: "well" | "full" | "crash"; event: { type: string; [field: string]: unknown } }
type Answer = Record<string, unknown>;

const phones = new Map<string, MemoryPhone>();

function handle(line: Line): Answer {
  const { event, now = 0 } = line;
  if (event.type === "open") phones.set(line.phone, new MemoryPhone({ install_id: String(event["install_id"]), user_id: String(event["user_id"] ?? ""), seed: Number(event["seed"] ?? 0), build: String(event["build"] ?? "1") }));
  const phone = phones.get(line.phone);
  if (!phone) return { error: "no such phone", effects: [] };
  phone.disk = line.disk ?? "well";
  try {
    return { ...act(phone, line, now), state: stateOf(phone) };
  } catch (fault) {
    if (!(fault instanceof DiskFault)) throw fault;
    phone.crash();
    const full = { ask: "done", outcome: "partial", wipe: false, result: { problems: [{ code: "store.full" }] } };
    return { effects: phone.disk === "full" && event.type !== "save" ? [full] : [], error: `disk ${fault.message}`, state: stateOf(phone) };
  } finally {
    phone.disk = "well";
  }
}

function act(phone: MemoryPhone, line: Line, now: number): Answer {
  const { event } = line;
  switch (event.type) {
    case "open": return { effects: [] };
    case "draft": phone.openDraft(String(event["draft"]), String(event["household_id"] ?? ""), (event["keys"] as string[] | undefined) ?? [], (event["body"] as Record<string, unknown> | undefined) ?? {}, event["known"] as number | undefined); return { effects: [] };
    case "save": return { effects: [], op: phone.save(event as unknown as Saving, { device_ms: now, monotonic_ms: line.mono ?? now, time_origin: 0 }) };
    case "sync": return { effects: effects(phone, phone.sync(now, event["check"] === true)) };
    case "crash": phone.crash(); return { effects: [] };
    case "look": return { effects: [], ...look(phone, event["known"] as number | undefined) };
    default: return { effects: effects(phone, phone.happen(happening(event), now)) };
  }
}

function happening(event: Line["event"]): Happening {
  if (event.type === "failed") return { type: "failed", code: String(event["code"] ?? "network.unreachable") };
  return event as unknown as Happening;
}

function effects(phone: MemoryPhone, ask: Ask | undefined): Answer[] {
  if (!ask) return [];
  const post = (path: string, body: unknown): Answer[] => [{ ask: ask.ask, method: "POST", path, body }];
  const install_id = phone.identity.install_id;
  switch (ask.ask) {
    case "hello": return post("/sync/hello", { install_id, app_build: phone.identity.build, device_time: null, ...ask.body });
    case "push": return post("/sync/push", { ops: ask.ops.map((id) => phone.wireOp(id)) });
    case "have": return post("/blobs/have", { sha256: ask.sha256 });
    case "pull": return post("/sync/pull", { install_id, ...ask.body });
    case "digest": return [{ ask: "digest", method: "GET", path: `/sync/digest?scope=${encodeURIComponent(ask.scope)}` }];
    case "upload": return [{ ask: "upload", photo: photoOf(phone, ask.photo) }];
    case "done": return [{ ask: "done", outcome: phone.lastOutcome, wipe: ask.wipe, result: phone.lastResult }];
    default: return [];
  }
}

function photoOf(phone: MemoryPhone, id: string): Answer {
  const photo = phone.store.photos.find((one) => one.id === id);
  return { id, owner: photo?.owner, name: id.slice(id.indexOf("/") + 1), sha256: photo?.sha256, size: photo?.size, offset: photo?.offset };
}

function stateOf(phone: MemoryPhone): Answer {
  const { store } = phone;
  const ops = { queued: 0, held: 0, settled: 0, stuck: 0 };
  for (const op of store.ops) ops[op.state] += 1;
  const feeds = Object.fromEntries([...store.feeds.values()].map(({ scope, after, head, view, sweeping }) => [scope, { after, head, view, sweeping }]));
  return {
    seq: store.ops.reduce((last, op) => Math.max(last, op.seq), 0), acked_seq: store.server.acked_seq, epoch: store.server.epoch, ops,
    photos_pending: store.photos.filter((photo) => photo.state === "pending").length, drafts: store.drafts.length, feeds, records: store.records.size,
    bases: store.bases.size, running: phone.round !== null, wiped: phone.wiped,
  };
}

function look(phone: MemoryPhone, known?: number): Answer {
  const keys = [...new Set([...phone.rows.keys(), ...phone.layers.keys()])].filter((key) => key.startsWith("entity:"));
  return {
    rows: Object.fromEntries(phone.rows), seen: Object.fromEntries(keys.map((key) => [key, phone.seen(key, known)])), outbox: phone.store.ops,
    photos: phone.store.photos, memberships: phone.store.memberships,
    digests: Object.fromEntries([...phone.store.feeds.keys()].map((scope) => [scope, digestOf(recordsOf(phone.store, scope))])),
  };
}

export { handle };

if (process.argv[1]?.endsWith("sim-core.mjs")) {
  createInterface({ input: process.stdin, crlfDelay: Infinity }).on("line", (text) => {
    if (text.trim() === "") return;
    const line = JSON.parse(text) as Line;
    process.stdout.write(`${JSON.stringify({ phone: line.phone, ...handle(line) })}\n`);
  });
}
