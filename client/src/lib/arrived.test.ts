// @vitest-environment node
/** A household that was handed to this worker is told by name until it was read; the first list, loans and own ones are no news. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, openPhone, OTHER, VILLAGE } from "../../tests/phone";
import { forgetArrived, listArrived } from "./arrived";
import type { Session } from "./session";
import { sync } from "./sync";

const NOBODY = { count: 0, names: [] };
const MINE = "user:p1";
let at: Session;
let server: FakeServer;

beforeEach(async () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  ({ at, server } = await openPhone());
  server.feed(MINE);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  await sync();
});
afterEach(() => closePhone(at));

test("the list that a phone begins with is no news", async () => expect(await listArrived()).toEqual(NOBODY));

test("a household handed to this worker is told by name until it was read, also with a new feed", async () => {
  server.addHousehold(MINE, OTHER, 5, { head_name: "李秀兰" });
  await sync();
  expect(await listArrived()).toEqual({ count: 1, names: ["李秀兰"] });
  await sync();
  expect(await listArrived(Date.now() + 31 * 86_400_000)).toEqual(NOBODY);
  await forgetArrived();
  expect(await listArrived()).toEqual(NOBODY);
  server.addHousehold("region:990101002", "44444444-4444-4444-8444-444444444444", 1, { head_name: "赵丽" });
  await sync();
  expect((await listArrived()).names).toEqual(["赵丽"]);
});

test("a change of a known one, one in another feed by now, a loan, and what one registered elsewhere are not told", async () => {
  const household = (id: string, more: object): void => server.add(MINE, { type: "entity", dataset: "household", id, version: 1, label: "周强", region: "990101001", state: "active", data: {}, contested: [], ...more });
  server.addHousehold(VILLAGE, HOUSEHOLD, 4, { head_name: "王大山" });
  server.addHousehold(MINE, HOUSEHOLD, 4, { head_name: "王大山" });
  household(OTHER, { lent: true });
  household("55555555-5555-4555-8555-555555555555", { updated_by: { id: "p1", username: "zhangmin", display_name: "张敏" } });
  await sync();
  expect(await listArrived()).toEqual(NOBODY);
});

test("a household that goes again takes its line along", async () => {
  server.addHousehold(MINE, OTHER, 5, { head_name: "李秀兰" });
  await sync();
  server.add(MINE, { type: "eviction", dataset: "household", id: OTHER });
  await sync();
  expect(await listArrived()).toEqual(NOBODY);
  expect(await at.db.cache.where("key").startsWith("arrived:").count()).toBe(0);
});
