// @vitest-environment node
/** Bugs that other systems published and that could live in a phone: each as a test that would find it here. */
import { describe, expect, test } from "vitest";
import { newPhone, NOW, round, type Trouble } from "../../../tests/sim/drive";
import { DiskFault, type MemoryPhone } from "../../../tests/sim/memory-phone";
import { SmallServer } from "../../../tests/sim/small-server";

const REGION = "region:1";
const HOME = "h1";
const KEY = `entity:household:${HOME}`;

function world(): { phone: MemoryPhone; server: SmallServer } {
  const server = new SmallServer();
  server.feed("user:p1");
  server.write([REGION], "household", HOME, { name: "甲" });
  const phone = newPhone();
  round(phone, server);
  return { phone, server };
}

function save(phone: MemoryPhone, op_id: string, more: { create?: string; photo?: string } = {}): void {
  const id = more.create ?? HOME;
  const photos = more.photo ? [{ name: "a.jpg", sha256: more.photo, size: 10 }] : [];
  phone.save({ op_id, writes: [{ dataset: "household", id, create: more.create !== undefined, label: null, parent: null, values: { name: op_id } }], body: { attachments: photos, values: { name: op_id } }, photos, household_id: id }, { device_ms: NOW, monotonic_ms: NOW, time_origin: 0 });
}

const shown = (phone: MemoryPhone): unknown => phone.seen(KEY)?.data["name"];
const states = (phone: MemoryPhone): string[] => phone.store.ops.map((op) => op.state);
/** Answers to the requests of a round, by hand. */
const at = (n: number, what: Trouble) => (place: number): Trouble => (place === n ? what : "");

describe("9: the phone thinks that it pushed after a network error (QField#3070)", () => {
  test("an op whose push broke is unsent, and goes again", () => {
    const { phone, server } = world();
    save(phone, "o1");
    expect(round(phone, server, { trouble: at(1, "before") })).toBe("partial");
    expect([states(phone), server.now.ops.size]).toEqual([["queued"], 0]);
    expect(round(phone, server)).toBe("done");
    expect([states(phone), server.now.ops.size]).toEqual([["settled"], 1]);
  });

  test("an op whose answer was lost is unsent too, and is not stored twice", () => {
    const { phone, server } = world();
    save(phone, "o1");
    round(phone, server, { trouble: at(1, "after") });
    expect(states(phone)).toEqual(["queued"]);
    round(phone, server);
    expect([states(phone), server.now.ops.size, server.now.rows.get(`household:${HOME}`)?.version]).toEqual([["settled"], 1, 2]);
  });

  test("an answer with too few results settles only those that it names", () => {
    const { phone, server } = world();
    save(phone, "o1");
    save(phone, "o2");
    expect(round(phone, server, { trouble: at(1, "half") })).toBe("partial");
    expect(states(phone)).toEqual(["settled", "queued"]);
  });
});

describe("10: the change failed later, and the phone had forgotten it (QFieldCloud#551, QField#4033)", () => {
  test("an op that the server keeps aside stays in the outbox with its reason, and its photos are still sent", () => {
    const { phone, server } = world();
    save(phone, "o1", { photo: "hash" });
    server.judge = () => "quarantined";
    round(phone, server);
    expect(phone.store.ops).toMatchObject([{ op_id: "o1", state: "stuck", status: "quarantined" }]);
    expect(phone.bodies.has("o1")).toBe(true);
    expect(server.now.blobs.has("hash")).toBe(true);
  });

  test("a restored server that has lost a settled op gets it again", () => {
    const { phone, server } = world();
    server.snapshot();
    save(phone, "o1", { photo: "hash" });
    round(phone, server);
    server.restore("epoch-2");
    expect(round(phone, server)).toBe("done");
    expect([server.now.ops.has("o1"), server.now.blobs.has("hash"), shown(phone)]).toEqual([true, true, "o1"]);
  });
});

describe("a restored server lost an own answer, and does not take it at once", () => {
  function restoredAndWaiting(): ReturnType<typeof world> {
    const before = world();
    before.server.snapshot();
    save(before.phone, "o1");
    save(before.phone, "made", { create: "h9" });
    round(before.phone, before.server);
    before.server.restore("epoch-2");
    before.server.judge = () => "held";
    return before;
  }

  test("the answer stays on its author's page, over the row that the backup had, and so does a record that was made here", () => {
    const { phone, server } = restoredAndWaiting();
    round(phone, server);
    expect([states(phone), shown(phone), phone.seen("entity:household:h9")?.data["name"]]).toEqual([["held", "held"], "o1", "made"]);
    expect([phone.store.bases.get(KEY)?.base_version, phone.store.bases.get("entity:household:h9")?.base_version]).toEqual([1, 0]);

    server.judge = () => "applied";
    server.release();
    expect(round(phone, server)).toBe("done");
    expect([states(phone), shown(phone), phone.store.bases.size, phone.layers.size]).toEqual([["settled", "settled"], "o1", 0, 0]);
  });

  test("an answer that is settled in the very pull that brings its row leaves nothing behind", () => {
    const { phone, server } = world();
    const here = (name: string): unknown => server.write(["user:p1"], "household", "lent", { name });
    here("甲");
    server.snapshot();
    round(phone, server);
    phone.save({ op_id: "o1", writes: [{ dataset: "household", id: "lent", create: false, label: null, parent: null, values: { name: "o1" } }], body: { attachments: [], values: { name: "o1" } } }, { device_ms: NOW, monotonic_ms: NOW, time_origin: 0 });
    round(phone, server);
    server.restore("epoch-2");
    server.judge = () => "held";
    const settledAndEdited = (): Trouble => {
      if (phone.round?.asked.ask === "pull") { server.release(); here("别人"); }
      return "";
    };
    round(phone, server, { trouble: settledAndEdited });
    expect([states(phone), phone.seen("entity:household:lent")?.data["name"], phone.store.bases.size]).toEqual([["settled"], "别人", 0]);
  });

  test("what was written after it does not take it along when it is settled first", () => {
    const { phone, server } = restoredAndWaiting();
    save(phone, "o2");
    server.judge = (op) => (op["op_id"] === "o1" ? "held" : "quarantined");
    round(phone, server);
    expect([states(phone), shown(phone)]).toEqual([["held", "stuck", "stuck"], "o1"]);
    expect(phone.store.bases.get(KEY)).toMatchObject({ ops: ["o1"], dropped: ["o2"] });
  });
});

describe("12: the checkpoint is ahead of the data (pouchdb#1240, rxdb#5571, #6684, #8254)", () => {
  test("a page that could not be written leaves the cursor where it was", () => {
    const { phone, server } = world();
    const before = phone.store.feeds.get(REGION);
    server.write([REGION], "household", "h2", { name: "乙" });
    let ask = phone.sync(NOW);
    ask = phone.happen(server.answer("/sync/hello", {}), NOW);
    phone.disk = "full";
    const page = server.answer("/sync/pull", ask?.ask === "pull" ? ask.body : {});
    expect(() => phone.happen(page, NOW)).toThrow(DiskFault);
    phone.disk = "well";
    expect(phone.store.feeds.get(REGION)).toEqual(before);
    round(phone, server);
    expect(phone.rows.has("entity:household:h2")).toBe(true);
  });

  test("rows that come while an own op is open are kept, under what the author wrote", () => {
    const { phone, server } = world();
    save(phone, "o1");
    server.write([REGION], "household", HOME, { name: "别人", phone: "139" });
    round(phone, server, { trouble: (n) => (n === 1 ? "busy" : "") });
    expect([shown(phone), phone.store.records.get(KEY)?.version]).toEqual(["o1", 2]);
    expect((phone.wireOp("o1") as { entities: { base_version: number }[] }).entities[0]?.base_version).toBe(1);
  });

  test("an entry that this app cannot read does not stop its neighbours, and a newer app fetches the feed again", () => {
    const { phone, server } = world();
    server.tell(REGION, "odd", { type: "entity", dataset: "household" });
    server.tell(REGION, "later", { type: "hologram", id: "x" });
    server.write([REGION], "household", "h2", { name: "乙" });
    expect(round(phone, server)).toBe("done");
    expect([phone.rows.has("entity:household:h2"), phone.store.feeds.get(REGION)?.unread]).toEqual([true, 2]);
    phone.identity.build = "2";
    const fetched: number[] = [];
    const pull = server.answer.bind(server);
    server.answer = (path, body) => { if (path === "/sync/pull") fetched.push((body["feeds"] as Record<string, { after: number }>)[REGION]?.after ?? -1); return pull(path, body); };
    round(phone, server);
    expect(fetched[0]).toBe(0);
  });

  test("what is saved while the line is down goes when it is back, also when only pushing is possible", () => {
    const { phone, server } = world();
    save(phone, "o1");
    round(phone, server, { trouble: (n) => (n === 2 ? "before" : "") });
    save(phone, "o2");
    round(phone, server);
    expect([...server.now.ops.keys()]).toEqual(["o1", "o2"]);
  });
});

describe("14: own pushed rows come back as new, removed ones reappear (WatermelonDB#649, #1374)", () => {
  test("a record made here comes back as the same record", () => {
    const { phone, server } = world();
    save(phone, "o1", { create: "h9" });
    round(phone, server);
    expect([...phone.rows.keys()].filter((key) => key.includes("h9"))).toEqual(["entity:household:h9"]);
    expect([phone.store.bases.size, phone.seen("entity:household:h9")?.base_version]).toEqual([0, 1]);
  });

  test("a record that left the phone does not come back through the own edit on it", () => {
    const { phone, server } = world();
    save(phone, "o1");
    server.tell(REGION, `record:${HOME}`, { type: "eviction", dataset: "household", id: HOME });
    round(phone, server);
    expect(phone.seen(KEY)).toBeUndefined();
  });

  test("an edit made while the one before is on its way keeps its own base and is not swallowed by the answer", () => {
    const { phone, server } = world();
    save(phone, "o1");
    phone.sync(NOW);
    const push = phone.happen(server.answer("/sync/hello", {}), NOW);
    const answer = server.answer("/sync/push", { ops: push?.ask === "push" ? push.ops.map((id) => phone.wireOp(id)) : [] });
    save(phone, "o2");
    phone.happen(answer, NOW);
    expect([states(phone), shown(phone)]).toEqual([["settled", "queued"], "o2"]);
    expect((phone.wireOp("o2") as { entities: { base_version: number; base: object }[] }).entities[0]).toMatchObject({ base_version: 1, base: { name: "o1" } });
  });
});

describe("15: reads go back in time, the queue is wedged (powersync.dart#253, #307, #308, powersync-js#1055)", () => {
  test("between answer and pull the page shows the own value, not the one before", () => {
    const { phone, server } = world();
    save(phone, "o1");
    round(phone, server, { trouble: (n) => (n === 2 ? "before" : "") });
    expect([states(phone), shown(phone)]).toEqual([["settled"], "o1"]);
  });

  test("after a restore nothing is pulled before the own work has gone again, so the page does not go back either", () => {
    const { phone, server } = world();
    server.snapshot();
    save(phone, "o1");
    round(phone, server);
    server.restore("epoch-2");
    expect(round(phone, server, { trouble: at(2, "busy") })).toBe("partial");
    expect(shown(phone)).toBe("o1");
    expect(round(phone, server)).toBe("done");
    expect(shown(phone)).toBe("o1");
  });

  test("a server that is restored between greeting and pull is greeted anew, and gets what it lost", () => {
    const { phone, server } = world();
    server.snapshot();
    save(phone, "o1");
    const answer = server.answer.bind(server);
    let pulls = 0;
    server.answer = (path, body) => {
      if (path === "/sync/pull" && ++pulls === 1) server.restore("epoch-2");
      return answer(path, body);
    };
    expect(round(phone, server)).toBe("done");
    expect([server.now.ops.has("o1"), shown(phone), phone.store.server.epoch]).toEqual([true, "o1", "epoch-2"]);
  });

  test("one op that makes every envelope unreadable is set aside, and its neighbours go", () => {
    const { phone, server } = world();
    for (const id of ["o1", "bad", "o3", "o4"]) save(phone, id);
    server.poison.add("bad");
    round(phone, server);
    expect(states(phone)).toEqual(["settled", "stuck", "settled", "settled"]);
    expect([...server.now.ops.keys()]).toEqual(["o1", "o3", "o4"]);
  });

  test("one op on which the server fails each time (a NUL, QFieldCloud#327) delays nobody else, and is tried again later", () => {
    const { phone, server } = world();
    for (const id of ["o1", "bad", "o3"]) save(phone, id);
    server.faulty.add("bad");
    expect(round(phone, server)).toBe("partial");
    expect(states(phone)).toEqual(["settled", "queued", "settled"]);
    server.faulty.clear();
    expect(round(phone, server)).toBe("done");
    expect(states(phone)).toEqual(["settled", "settled", "settled"]);
  });

  test("an op is not pushed again once it was answered", () => {
    const { phone, server } = world();
    save(phone, "o1");
    for (let n = 0; n < 3; n += 1) round(phone, server);
    expect(server.pushes.flat()).toEqual(["o1"]);
  });
});

describe("16: moved, denied, and OK on a timeout (cht-core#5701, #8186, #8303)", () => {
  test("a household that moved out of sight leaves the phone, and an edit on it still reaches the server", () => {
    const { phone, server } = world();
    save(phone, "o1");
    server.tell(REGION, `record:${HOME}`, { type: "eviction", dataset: "household", id: HOME });
    server.judge = () => "quarantined";
    round(phone, server);
    expect([phone.rows.has(KEY), server.now.ops.has("o1"), states(phone)]).toEqual([false, true, ["stuck"]]);
  });

  test("a household that moves to another scope of this phone stays", () => {
    const { phone, server } = world();
    server.move("household", HOME, REGION, "user:p1");
    round(phone, server);
    expect([phone.rows.has(KEY), phone.store.memberships.map((row) => row.scope)]).toEqual([true, ["user:p1"]]);
  });

  test.each([0, 1, 2, 3])("a timeout at request %i is never called done", (n) => {
    const { phone, server } = world();
    save(phone, "o1");
    server.write([REGION], "household", "h2", { name: "乙" });
    const outcome = round(phone, server, { trouble: at(n, "after"), check: true });
    expect(outcome).toBe(n === 0 ? "offline" : "partial");
  });

  test("a scope that is taken away is wiped only after its work is there", () => {
    const { phone, server } = world();
    save(phone, "o1");
    server.feed(REGION).state = "revoking";
    round(phone, server, { trouble: at(1, "before") });
    expect(phone.rows.has(KEY)).toBe(true);
    round(phone, server);
    expect([phone.rows.size, phone.bodies.size, server.now.ops.has("o1")]).toEqual([0, 1, true]);
    expect([...server.now.ops.values()].map(({ op }) => op["kind"])).toEqual(["submission", "revocation_ack"]);
  });

  test("a scope that is taken away stays while the server is too busy to take the work", () => {
    const { phone, server } = world();
    save(phone, "o1");
    server.feed(REGION).state = "revoking";
    expect(round(phone, server, { trouble: at(1, "busy") })).toBe("partial");
    expect([phone.rows.has(KEY), phone.bodies.has("o1")]).toEqual([true, true]);
  });

  test("a phone taken out of use hands over and is empty, without a trace of a row", () => {
    const { phone, server } = world();
    save(phone, "o1", { photo: "hash" });
    phone.openDraft("d1", HOME, [KEY], { instance_xml: "<data/>" });
    server.revoked = true;
    expect(round(phone, server)).toBe("revoked");
    expect([phone.wiped, phone.rows.size, phone.bodies.size]).toEqual([true, 0, 0]);
    expect([...server.now.ops.values()].map(({ op }) => op["kind"])).toEqual(["submission", "draft", "revocation_ack", "revocation_ack"]);
    expect(server.now.blobs.has("hash")).toBe(true);
  });
});

describe("18: completed after the first batch (opensrp-client-core#817)", () => {
  test("a round goes on until every feed is read to its head and every op is answered", () => {
    const { phone, server } = world();
    for (let n = 0; n < 30; n += 1) server.write([REGION], "household", `n${n}`, { name: "x" });
    for (let n = 0; n < 12; n += 1) save(phone, `o${n}`);
    expect(round(phone, server)).toBe("done");
    expect([phone.rows.size, server.now.ops.size]).toEqual([31, 12]);
  });

  test("a feed that says more and never moves ends the round, and the round does not say done", () => {
    const { phone, server } = world();
    const answer = server.answer.bind(server);
    server.answer = (path, body) => (path === "/sync/pull" ? { type: "answered", body: { epoch: server.epoch, feeds: { [REGION]: { status: "ok", entries: [], next: 1, more: true, head: 9, view: "v1" } } } } : answer(path, body));
    expect(round(phone, server)).toBe("partial");
  });
});
