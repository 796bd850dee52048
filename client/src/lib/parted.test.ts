// @vitest-environment node
/** A household that somebody else has now is told by name until it was read; what was erased, lent or came back is not. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, openPhone, OTHER, VILLAGE } from "../../tests/phone";
import { forgetParted, listParted } from "./parted";
import type { Session } from "./session";
import { sync } from "./sync";

const NOBODY = { count: 0, names: [] };
let at: Session;
let server: FakeServer;
const away = (type: "eviction" | "tombstone", id = HOUSEHOLD): void => server.add(VILLAGE, { type, dataset: "household", id });

beforeEach(async () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  ({ at, server } = await openPhone());
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
  await sync();
});
afterEach(() => closePhone(at));

test("a household handed on is told by name, kept sealed, until the worker has read it", async () => {
  expect(await listParted()).toEqual(NOBODY);
  away("eviction");
  await sync();
  expect(await listParted()).toEqual({ count: 1, names: ["王大山"] });
  expect(JSON.stringify(await at.db.cache.toArray())).not.toContain("王大山");
  expect(await listParted(Date.now() + 31 * 86_400_000)).toEqual(NOBODY);
  await forgetParted();
  expect(await listParted()).toEqual(NOBODY);
});

test("of a scope that was taken away every household is counted", async () => {
  server.feed(VILLAGE).state = "revoking";
  await sync();
  const { count, names } = await listParted();
  expect([count, names.sort()]).toEqual([2, ["李秀兰", "王大山"].sort()]);
});

test("one that is in another scope by now, or comes back, is not told", async () => {
  away("eviction");
  server.addHousehold("user:p1", OTHER, 2, { head_name: "李秀兰" });
  away("eviction", OTHER);
  await sync();
  expect((await listParted()).names).toEqual(["王大山"]);
  server.addHousehold("user:p1", HOUSEHOLD, 4, { head_name: "王大山" });
  await sync();
  expect(await listParted()).toEqual(NOBODY);
});

test("what is erased by law leaves no name behind, not even one that was told", async () => {
  away("tombstone", OTHER);
  away("eviction");
  await sync();
  expect((await listParted()).names).toEqual(["王大山"]);
  away("tombstone");
  await sync();
  expect(await at.db.cache.where("key").startsWith("parted:").count()).toBe(0);
});

test("the end of a loan is no news", async () => {
  server.add(VILLAGE, { type: "entity", dataset: "household", id: HOUSEHOLD, version: 4, label: "王大山", region: "990101001", state: "active", data: {}, contested: [], lent: true });
  await sync();
  away("eviction");
  await sync();
  expect(await listParted()).toEqual(NOBODY);
});
