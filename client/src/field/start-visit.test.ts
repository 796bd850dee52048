// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeServer } from "../../tests/fake-server";
import { HOUSEHOLD, VILLAGE, XFORM } from "../../tests/phone";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { lock, session } = await import("@lib/session");
const { signIn, startStore } = await import("@lib/sign-in");
const { sync } = await import("@lib/sync");
const { prepareVisit, startVisit } = await import("./state/start-visit");

let server: FakeServer;
let people = 0;
beforeEach(async () => {
  server = new FakeServer();
  vi.stubGlobal("fetch", server.fetch);
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  await startStore(await signIn(`visitor${people++}`, "secret"), "274913");
  await sync();
});
afterEach(() => lock());

test("a visit made ready while the page is read is kept only when it is begun", async () => {
  await prepareVisit(HOUSEHOLD, "household_visit", () => true);
  expect(await session().db.drafts.count()).toBe(0);
  const before = new Date().toISOString();
  const draft = await startVisit(HOUSEHOLD, "household_visit");
  expect(await session().db.drafts.toCollection().primaryKeys()).toEqual([draft.id]);
  expect(draft.snapshot.taken_at < before).toBe(true);
  expect(draft.opened_at >= before).toBe(true);
  expect((await startVisit(HOUSEHOLD, "household_visit")).id).not.toBe(draft.id);
});

test("what arrives meanwhile is in the visit that is begun", async () => {
  await prepareVisit(HOUSEHOLD, "household_visit", () => true);
  server.addHousehold(VILLAGE, HOUSEHOLD, 4, { head_name: "王小山" });
  await sync();
  const { snapshot } = await startVisit(HOUSEHOLD, "household_visit");
  expect([snapshot.household?.base_version, snapshot.household?.data["head_name"]]).toEqual([4, "王小山"]);
});

test("a page that was left meanwhile makes nothing ready", async () => {
  const { id } = await startVisit(HOUSEHOLD, "household_visit");
  await prepareVisit(HOUSEHOLD, "household_visit", () => false);
  const next = await startVisit(HOUSEHOLD, "household_visit");
  expect(Date.parse(next.snapshot.taken_at)).toBeGreaterThanOrEqual(Date.parse(next.opened_at) - 50);
  expect(next.id).not.toBe(id);
});
