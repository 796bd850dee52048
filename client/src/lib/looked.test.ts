// @vitest-environment node
/** What others changed since the last look: told once, own work is none of it, and nothing readable lies in the store. */
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, MEMBER, openPhone, OTHER, VILLAGE } from "../../tests/phone";
import { look, lookedVersions, type SinceLook } from "./looked";
import { childrenOf, getRecord, type RecordView } from "./records";
import type { Session } from "./session";
import { sync } from "./sync";

let at: Session;
let server: FakeServer;
beforeEach(async () => {
  ({ at, server } = await openPhone());
  await household(3, { head_name: "王大山", water: "20" }, "z");
  server.addMember(VILLAGE, HOUSEHOLD, MEMBER, 1, { full_name: "王小山" });
});
afterEach(() => closePhone(at));

async function household(version: number, data: Record<string, unknown>, by: string): Promise<void> {
  server.add(VILLAGE, { type: "entity", dataset: "household", id: HOUSEHOLD, version, label: "王大山", region: "990101001", state: "active", data, contested: [], updated_by: { id: by, username: by, display_name: by } });
}
async function seen(): Promise<SinceLook | null> {
  await sync();
  return look((await getRecord("household", HOUSEHOLD)) as RecordView, await childrenOf(HOUSEHOLD, "member"));
}

test("the first look knows of nothing, the next tells what others changed, the one after that nothing again", async () => {
  expect(await seen()).toBeNull();
  await household(4, { head_name: "王大山", water: "5", road: "yes" }, "z");
  server.addMember(VILLAGE, HOUSEHOLD, OTHER, 1, { full_name: "李秀兰" });
  server.addMember(VILLAGE, HOUSEHOLD, MEMBER, 2, { full_name: "王小山" });
  expect(await seen()).toMatchObject({
    changes: [{ property: "water", from: "20", to: "5" }, { property: "road", from: undefined, to: "yes" }],
    members: [{ label: "李秀兰", how: "new" }, { label: "王小山", how: "changed" }],
  });
  expect(await seen()).toBeNull();
  expect(await lookedVersions()).toEqual(new Map([[HOUSEHOLD, 4]]));
});

test("one's own work that comes back is no news", async () => {
  await seen();
  await household(4, { head_name: "王大山", water: "5" }, "p1");
  expect(await seen()).toBeNull();
});

test("what was looked at lies sealed", async () => {
  await seen();
  const rows = await at.db.cache.toArray();
  expect(JSON.stringify(rows.map((row) => Buffer.from(row.sealed).toString("utf8")))).not.toContain("王大山");
});
