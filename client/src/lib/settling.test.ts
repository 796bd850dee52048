// @vitest-environment node
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, openPhone, VILLAGE } from "../../tests/phone";
import type { Region } from "./definitions";
import { listOutbox } from "./outbox";
import type { Session } from "./session";
import { conflictOver, rolesAt, settle } from "./settling";
import { sync } from "./sync";
import type { ConflictEntry, Op } from "./types";

const CONFLICT: ConflictEntry = {
  n: 1, type: "conflict", id: "c1", entity_id: HOUSEHOLD, properties: ["contact_phone"], state: "open",
  heads: [{ op_id: "op-a", value: "1" }, { op_id: "op-b", value: null }],
};
let at: Session;
let server: FakeServer;

beforeEach(async () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  ({ at, server } = await openPhone());
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  await sync();
});
afterEach(() => closePhone(at));

test("a decision waits on the phone like a visit and names every value that was seen", async () => {
  const id = await settle({ household_id: HOUSEHOLD, label: "王大山", conflict: CONFLICT, choose: "op-b", reason: " 当面问过 " });
  expect((await listOutbox())[0]).toMatchObject({ op_id: id, kind: "resolution", state: "saved", decides: "c1" });
  await sync();
  const sent = server.requests.filter(({ path }) => path === "/sync/push").flatMap(({ body }) => body["ops"] as Op[]);
  expect(sent).toMatchObject([{ kind: "resolution", conflict_id: "c1", choose: "op-b", reason: "当面问过", seen: ["op-a", "op-b"] }]);
});

test("only an open conflict whose values are all here can be settled", () => {
  expect(conflictOver([CONFLICT], HOUSEHOLD, "contact_phone")?.id).toBe("c1");
  expect(conflictOver([CONFLICT], HOUSEHOLD, "address")).toBeUndefined();
  for (const other of [{ state: "resolved" }, { broken: { id: "r", message: {} } }, { kind: "state" }, { heads: [{ op_id: "op-a", value: undefined }] }]) {
    expect(conflictOver([{ ...CONFLICT, ...other } as ConflictEntry], HOUSEHOLD, "contact_phone")).toBeUndefined();
  }
});

test("a role reaches the places below its own, and no others", () => {
  const regions = [{ code: "v", parent: "t" }, { code: "t", parent: "c" }, { code: "c", parent: null }, { code: "w", parent: "t" }] as Region[];
  expect(rolesAt([{ role: "cadre", region: "v" }, { role: "supervisor", region: "c" }, { role: "helper", region: null }], "v", regions)).toEqual(["cadre", "supervisor"]);
  expect(rolesAt([{ role: "cadre", region: "v" }], "w", regions)).toEqual([]);
});
