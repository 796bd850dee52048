// @vitest-environment node
/** The core over any run of saves, edits, moves, breaks, crashes, restores: nothing is lost, nothing is doubled, and it ends. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { newPhone, NOW, round, type Trouble } from "../../../tests/sim/drive";
import { SmallServer } from "../../../tests/sim/small-server";
import type { MemoryPhone } from "../../../tests/sim/memory-phone";
import { differing, digestOf, recordsOf } from "./digest";

const HOMES = ["h0", "h1", "h2", "h3"];
const REGION = "region:1";
const OTHER = "user:p1";

type Doing =
  | { do: "save"; home: number; photo: boolean }
  | { do: "edit"; home: number }
  | { do: "move"; home: number; there: boolean }
  | { do: "sync"; troubles: Trouble[] }
  | { do: "hold"; on: boolean } | { do: "lose"; home: number } | { do: "grant"; on: boolean }
  | { do: "view" } | { do: "backup" } | { do: "restore" } | { do: "compact" };

const trouble = fc.constantFrom<Trouble>("", "", "", "", "before", "after", "busy", "crash", "full", "half");
const doing: fc.Arbitrary<Doing> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("save" as const), home: fc.nat(3), photo: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("edit" as const), home: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("move" as const), home: fc.nat(3), there: fc.boolean() }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant("sync" as const), troubles: fc.array(trouble, { maxLength: 12 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("hold" as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.constantFrom<Doing>({ do: "view" }, { do: "backup" }, { do: "restore" }, { do: "compact" }) },
);

/** Rights that come and go, and rows that a broken disk loses. */
const rougher: fc.Arbitrary<Doing> = fc.oneof(
  { weight: 8, arbitrary: doing },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("grant" as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("lose" as const), home: fc.nat(3) }) },
);

interface World { phone: MemoryPhone; server: SmallServer; saved: string[]; photos: string[]; epochs: number }

function newWorld(): World {
  const server = new SmallServer();
  server.feed(REGION);
  server.feed(OTHER);
  for (const id of HOMES) server.write([REGION], "household", id, { name: "甲" });
  server.snapshot();
  return { phone: newPhone(), server, saved: [], photos: [], epochs: 1 };
}

function act(world: World, step: Doing): void {
  const { phone, server } = world;
  switch (step.do) {
    case "save": save(world, HOMES[step.home] as string, step.photo); break;
    case "edit": { const id = HOMES[step.home] as string; server.write(server.scopesOf(id), "household", id, { name: "别人" }); break; }
    case "move": server.move("household", HOMES[step.home] as string, step.there ? REGION : OTHER, step.there ? OTHER : REGION); break;
    case "sync": round(phone, server, { trouble: (n) => step.troubles[n] ?? "" }); break;
    case "hold": server.judge = () => (step.on ? "held" : "applied"); if (!step.on) server.release(); break;
    case "grant": server.feed(REGION).state = step.on ? "granted" : "revoking"; break;
    case "lose": phone.store.records.delete(`entity:household:${HOMES[step.home]}`); break;
    case "view": server.feed(REGION).view += "+"; break;
    case "backup": server.snapshot(); break;
    case "restore": world.epochs += 1; server.restore(`epoch-${world.epochs}`); break;
    case "compact": server.feed(REGION).oldest = server.feed(REGION).head; break;
  }
}

function save(world: World, id: string, withPhoto: boolean): void {
  const op_id = `op-${world.saved.length}`;
  const photos = withPhoto ? [{ name: "a.jpg", sha256: `hash-${op_id}`, size: 10 }] : [];
  world.phone.save({ op_id, writes: [{ dataset: "household", id, create: false, label: null, parent: null, values: { name: op_id } }], body: { attachments: photos, values: { name: op_id } }, photos, household_id: id }, { device_ms: NOW, monotonic_ms: NOW, time_origin: 0 });
  world.saved.push(op_id);
  world.photos.push(...photos.map((photo) => photo.sha256));
}

const ownDigest = (phone: MemoryPhone, scope: string): { count: number; buckets: string[] } => digestOf(recordsOf(phone.store, scope));

test("a pull says of a feed where the phone stands and nothing else: when the fetch began the server knows", () => {
  const { phone, server } = newWorld();
  const asked: unknown[] = [];
  const answer = server.answer.bind(server);
  server.answer = (path, body) => { if (path === "/sync/pull") asked.push(...Object.values(body["feeds"] as object)); return answer(path, body); };
  round(phone, server);
  expect(asked.length).toBeGreaterThan(1);
  for (const cursor of asked) expect(Object.keys(cursor as object).sort()).toEqual(["after", "view"]);
});

test("whatever happens on the way, in the end the server has every op and photo once, and the phone what the server shows", () => {
  fc.assert(fc.property(fc.array(doing, { maxLength: 40 }), (steps) => {
    const world = newWorld();
    for (const step of steps) act(world, step);
    const { phone, server } = world;
    act(world, { do: "hold", on: false });
    expect(round(phone, server)).toBe("done");
    expect(round(phone, server, { check: true })).toBe("done");

    expect([...server.now.ops.keys()].sort()).toEqual([...world.saved].sort());
    expect(world.photos.every((hash) => server.now.blobs.has(hash))).toBe(true);
    const seqs = [...server.now.ops.values()].map(({ op }) => Number(op["seq"])).sort((a, b) => a - b);
    expect(seqs).toEqual(world.saved.map((_, place) => place + 1));
    expect(phone.store.ops.every((op) => op.state === "settled")).toBe(true);
    for (const scope of [REGION, OTHER]) {
      const [own, theirs] = [ownDigest(phone, scope), server.digestOf(scope)];
      expect([own.count, differing(own.buckets, theirs.buckets)]).toEqual([theirs.count, 0]);
    }
    expect(phone.store.bases.size).toBe(0);
    expect(phone.lastResult.checked).toMatchObject({ repaired: 0, wrong: 0 });
  }), { numRuns: 300 });
});

test("rights that come and go lose no work, rows that were lost are found, and a wiped scope leaves no row behind", () => {
  fc.assert(fc.property(fc.array(rougher, { maxLength: 40 }), fc.boolean(), (steps, granted) => {
    const world = newWorld();
    for (const step of steps) act(world, step);
    const { phone, server } = world;
    act(world, { do: "hold", on: false });
    act(world, { do: "grant", on: granted });
    for (let n = 0; n < 3; n += 1) round(phone, server, { check: true });

    const ids = [...server.now.ops].filter(([, { op }]) => op["kind"] === "submission").map(([id]) => id);
    expect(ids.sort()).toEqual([...world.saved].sort());
    expect(world.photos.every((hash) => server.now.blobs.has(hash))).toBe(true);
    const seqs = [...server.now.ops.values()].map(({ op }) => Number(op["seq"])).sort((a, b) => a - b);
    expect(seqs).toEqual(seqs.map((_, place) => place + 1));
    for (const scope of granted ? [REGION, OTHER] : [OTHER]) {
      const [own, theirs] = [ownDigest(phone, scope), server.digestOf(scope)];
      expect([own.count, differing(own.buckets, theirs.buckets)]).toEqual([theirs.count, 0]);
    }
    const held = new Set(phone.store.memberships.map((row) => row.key));
    expect([...phone.rows.keys()].filter((key) => !held.has(key))).toEqual([]);
    expect([...phone.layers.keys()].filter((key) => !phone.store.bases.has(key))).toEqual([]);
    if (!granted) expect(phone.store.memberships.some((row) => row.scope === REGION)).toBe(false);
  }), { numRuns: 300 });
});

test("the author's own answer never disappears from the page between saving and the server's showing it", () => {
  fc.assert(fc.property(fc.array(doing, { maxLength: 30 }), (steps) => {
    const world = newWorld();
    round(world.phone, world.server);
    const last = new Map<string, string>();
    for (const step of steps) {
      act(world, step);
      if (step.do === "save") last.set(HOMES[step.home] as string, `op-${world.saved.length - 1}`);
      for (const [home, op_id] of last) {
        const open = world.phone.store.ops.some((op) => op.op_id === op_id && op.state !== "settled");
        if (open) expect(world.phone.seen(`entity:household:${home}`)?.data["name"]).toBe(op_id);
      }
    }
  }), { numRuns: 200 });
});

test("what an op says its author saw is never newer than what was on the page when the first open op was saved", () => {
  fc.assert(fc.property(fc.array(doing, { maxLength: 30 }), (steps) => {
    const world = newWorld();
    round(world.phone, world.server);
    for (const step of steps) {
      const id = step.do === "save" ? (HOMES[step.home] as string) : "";
      const before = world.phone.store.bases.get(`entity:household:${id}`)?.base_version ?? world.phone.store.records.get(`entity:household:${id}`)?.version;
      act(world, step);
      if (step.do !== "save") continue;
      const op = world.phone.wireOp(`op-${world.saved.length - 1}`) as { entities: { base_version?: number }[] };
      expect(op.entities[0]?.base_version).toBe(before);
    }
  }), { numRuns: 200 });
});
