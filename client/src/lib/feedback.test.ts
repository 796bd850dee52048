// @vitest-environment node
/** A suggestion without a network waits like a visit, and goes once. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, openPhone } from "../../tests/phone";
import { sendFeedback } from "./feedback";
import { listOutbox } from "./outbox";
import type { Session } from "./session";
import { sync } from "./sync";
import type { Op } from "./types";

let at: Session;
let server: FakeServer;
beforeEach(async () => { ({ at, server } = await openPhone()); });
afterEach(() => closePhone(at));

test("it is kept, sent once, and then accepted", async () => {
  server.feed("user:p1");
  server.before = () => brokenLine();
  const id = await sendFeedback("complaint", "  照片太多。 ");
  await sync();
  expect(await listOutbox()).toMatchObject([{ op_id: id, kind: "feedback", state: "saved" }]);
  server.before = () => undefined;
  await sync();
  expect(JSON.parse(server.stored.get(id)?.op ?? "{}") as Op).toMatchObject({ kind: "feedback", about: "complaint", text: "照片太多。", seq: 1 });
  expect((await listOutbox())[0]?.state).toBe("accepted");
});
