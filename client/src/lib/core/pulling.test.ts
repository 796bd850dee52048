// @vitest-environment node
/** A line that breaks before a whole page has come: shorter pages get through. */
import { expect, test } from "vitest";
import { newPhone, NOW } from "../../../tests/sim/drive";
import type { MemoryPhone } from "../../../tests/sim/memory-phone";
import { SmallServer } from "../../../tests/sim/small-server";
import type { Happening } from "./round";
import type { PullAnswer } from "./pages";

const REGION = "region:1";

/** A round over a line that carries so many rows in one answer, and breaks above. Gives the lengths of the pages that came. */
function round(phone: MemoryPhone, server: SmallServer, carries: number): number[] {
  const came: number[] = [];
  for (let ask = phone.sync(NOW); ask && ask.ask !== "done";) {
    const path = ask.ask === "pull" ? "/sync/pull" : ask.ask === "hello" ? "/sync/hello" : `/sync/digest?scope=${REGION}`;
    if (ask.ask === "pull") server.pageSize = ask.body.limit;
    let event: Happening = server.answer(path, "body" in ask ? ask.body : {});
    const rows = ask.ask === "pull" && event.type === "answered" ? ((event.body as PullAnswer).feeds[REGION]?.entries.length ?? 0) : 0;
    if (rows > carries) event = { type: "failed", code: "network.unreachable" };
    else if (rows > 0) came.push(rows);
    ask = phone.happen(event, NOW);
  }
  return came;
}

test("a phone whose line never carries a whole page learns everything all the same, and takes whole pages again on a good line", () => {
  const server = new SmallServer();
  server.feed(REGION);
  for (let n = 0; n < 1200; n += 1) server.write([REGION], "household", `h${n}`, { name: "甲" });
  const phone = newPhone();
  for (let n = 0; n < 4; n += 1) round(phone, server, 100);
  expect(phone.rows.size).toBe(1200);
  expect(phone.lastOutcome).toBe("done");
  for (let n = 0; n < 3; n += 1) round(phone, server, 1000);
  for (let n = 0; n < 600; n += 1) server.write([REGION], "household", `g${n}`, { name: "乙" });
  expect(round(phone, server, 1000)).toEqual([500, 100]);
});
