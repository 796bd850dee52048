// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, openPhone, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { openCorrection } from "./corrections";
import { formOfDraft, openDraft, submitDraft } from "./drafts";
import { listOutbox, markChecked } from "./outbox";
import { addPhoto, getPhoto } from "./photos";
import type { Session } from "./session";
import { sync } from "./sync";
import type { Op } from "./types";
import { corrected, withDeprecatedId } from "./writes";

const FINDING = { path: "/data/phone", kind: "constraint", message: { zh: "“电话”填的内容不符合要求，请核对", en: "Please check “Phone”" } };

let at: Session;
let server: FakeServer;
beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  server.judge = () => ({ status: "applied", findings: [FINDING, { ...FINDING, path: "/data/computed", kind: "bind" }] });
  await sync();
});
afterEach(() => closePhone(at));

async function sentVisit(): Promise<{ opId: string; xml: string }> {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const bytes = new Blob(["one"], { type: "image/jpeg" });
  await addPhoto(draft.id, "a.jpg", "front", bytes, await captureRecord({ bytes, source: "live", visitId: draft.id, householdId: HOUSEHOLD, slot: "front" }, null));
  const xml = instanceXml({ head: "王大山", phone: "1", photo: "a.jpg" });
  const opId = await submitDraft(draft.id, finished(xml));
  await sync({ sendFile: async () => undefined });
  return { opId, xml };
}
const findings = async (): Promise<string[]> => (await listOutbox()).flatMap((item) => item.findings.map((one) => one.path));

test("what the server asks to look at again is kept with the visit, sealed, until the worker has looked", async () => {
  const { opId } = await sentVisit();
  expect(await findings()).toEqual(["/data/phone"]);
  expect((await listOutbox())[0]?.state).toBe("accepted");
  await markChecked(opId);
  expect(await findings()).toEqual([]);
});

test("a correction has the answers and photos of the visit, its own id, and names the visit", async () => {
  const { opId, xml } = await sentVisit();
  const old = /<instanceID>([^<]+)/.exec(xml)?.[1] ?? "";
  server.addHousehold(VILLAGE, HOUSEHOLD, 4, { head_name: "王大山", contact_phone: "1" });
  await sync();
  const draft = await openCorrection(opId);
  expect(draft.extra.corrects).toBe(old);
  expect(draft.snapshot.household?.base_version).toBe(4);
  expect(draft.instanceXml).toContain(`<deprecatedID>${old}</deprecatedID>`);
  expect(draft.instanceXml).not.toContain(`<instanceID>${old}</instanceID>`);
  expect(await (await getPhoto(draft.id, "a.jpg"))?.text()).toBe("one");
  expect((await formOfDraft(draft)).xform).toBe(withDeprecatedId(XFORM));

  server.judge = () => ({ status: "applied" });
  const done = { ...finished(draft.instanceXml ?? "") };
  await submitDraft(draft.id, done);
  expect(await findings()).toEqual([]);
  await sync({ sendFile: async () => undefined });
  const op = server.requests.filter(({ path }) => path === "/sync/push").flatMap(({ body }) => body["ops"] as Op[]).at(-1);
  expect(op).toMatchObject({ instance_id: done.instanceId, attachments: [{ name: "a.jpg" }], entities: [{ id: HOUSEHOLD, base_version: 4 }] });
});

test("an instance that corrects another is corrected itself", () => {
  const twice = corrected(corrected("<d><meta><instanceID>uuid:1</instanceID></meta></d>", "uuid:2"), "uuid:3");
  expect(twice).toBe("<d><meta><instanceID>uuid:3</instanceID><deprecatedID>uuid:2</deprecatedID></meta></d>");
  expect(withDeprecatedId(withDeprecatedId("<meta><o:instanceID/></meta>"))).toBe("<meta><o:instanceID/><o:deprecatedID/></meta>");
});
