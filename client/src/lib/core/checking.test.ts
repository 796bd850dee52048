// @vitest-environment node
/** A check costs what it must: what still differs after one repair is said, and asked about again the day after. */
import { expect, test } from "vitest";
import { newPhone, NOW, round } from "../../../tests/sim/drive";
import { SmallServer } from "../../../tests/sim/small-server";

const REGION = "region:1";
const HOUR = 3_600_000;

/** The server's sums never fit: one of them counts what the other does not. */
function differingServer(): { server: SmallServer; pulled: () => number } {
  const server = new SmallServer();
  server.feed(REGION);
  server.write([REGION], "household", "h0", { name: "甲" });
  const answer = server.answer.bind(server);
  let pulled = 0;
  server.answer = (path, body) => {
    const event = answer(path, body);
    const cursor = (body["feeds"] as Record<string, { after: number }> | undefined)?.[REGION];
    if (path === "/sync/pull" && cursor?.after === 0) pulled += 1;
    return path.startsWith("/sync/digest") && event.type === "answered" ? { ...event, body: { ...(event.body as object), count: 99 } } : event;
  };
  return { server, pulled: () => pulled };
}

test("a feed that differs for ever is fetched again once a day, not at every round", () => {
  const { server, pulled } = differingServer();
  const phone = newPhone();
  expect(round(phone, server)).toBe("partial");
  expect(phone.lastResult.problems).toMatchObject([{ stage: "check", code: "digest.differs", detail: REGION }]);
  const once = pulled();
  expect(round(phone, server, { now: NOW + HOUR })).toBe("done");
  expect(pulled(), "no repair within the day").toBe(once);
  expect(round(phone, server, { now: NOW + 25 * HOUR })).toBe("partial");
  expect(pulled()).toBe(once + 1);
});

test("a repair that the line cut off is compared at the next round, not a day later", () => {
  const { server } = differingServer();
  const phone = newPhone();
  expect(round(phone, server, { trouble: (n) => (n === 3 ? "before" : "") })).toBe("partial");
  expect(phone.lastResult.problems).toMatchObject([{ stage: "pull", code: "network.timeout" }]);
  round(phone, server, { now: NOW + HOUR });
  expect(phone.lastResult.checked).toMatchObject({ scopes: 1, wrong: 1 });
});
