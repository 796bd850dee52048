// @vitest-environment node
/** The same thing told by two scopes: each has its own numbers, so they say nothing of which news is the later. */
import { expect, test } from "vitest";
import { newPhone, round } from "../../../tests/sim/drive";
import { SmallServer } from "../../../tests/sim/small-server";

const [REGION, OWN] = ["region:1", "user:p1"];

test("how a conflict ended reaches its author although the village's feed told of it before with a far higher number", () => {
  const server = new SmallServer();
  for (let n = 0; n < 9; n += 1) server.write([REGION], "household", `h${n}`, { name: "甲" });
  const conflict = { type: "conflict", id: "c1", entity_id: "h1", properties: ["phone"], heads: [] };
  for (const scope of [OWN, REGION]) server.tell(scope, "conflict:c1", { ...conflict, state: "open" });
  const phone = newPhone();
  round(phone, server);
  expect(phone.rows.get("conflict:c1")).toMatchObject({ state: "open" });
  // The household moved to a village of others before it was decided; the author is told by the own feed.
  server.tell(OWN, "conflict:c1", { ...conflict, state: "resolved" });
  expect(round(phone, server)).toBe("done");
  expect(phone.rows.get("conflict:c1")).toMatchObject({ state: "resolved" });
});
