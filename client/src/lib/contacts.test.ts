// @vitest-environment node
/** Nobody home, in two taps: queued without a network, sent with the version that was seen, and in the outbox by its name. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, openPhone, VILLAGE, VISIT } from "../../tests/phone";
import { recordContact } from "./contacts";
import { listOutbox } from "./outbox";
import { getRecord, type RecordView } from "./records";
import type { Session } from "./session";
import { sync } from "./sync";
import type { Op } from "./types";

let at: Session;
let server: FakeServer;

beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.addHousehold(VILLAGE, HOUSEHOLD, 7, { head_name: "王大山" });
  server.datasets = [{ name: "household", properties: [{ name: "contact_disposition", choices: [{ value: "nobody", labels: { zh: "无人在家", en: "Nobody at home" } }] }] }];
  await sync();
});
afterEach(() => closePhone(at));

test("a try without a form waits in the outbox by its name and says what its author had seen", async () => {
  server.before = () => brokenLine();
  const id = await recordContact((await getRecord("household", HOUSEHOLD)) as RecordView, "nobody", VISIT);
  expect(await listOutbox()).toMatchObject([{ op_id: id, kind: "contact_attempt", state: "saved", title: "王大山", names: { zh: "无人在家", en: "Nobody at home" }, household_id: HOUSEHOLD }]);
  server.before = () => undefined;
  await sync();
  expect(JSON.parse(server.stored.get(id)?.op ?? "{}") as Op).toMatchObject({ kind: "contact_attempt", seq: 1, entity_id: HOUSEHOLD, disposition: "nobody", base_version: 7, visit: VISIT });
  expect((await listOutbox())[0]?.state).toBe("accepted");
});
