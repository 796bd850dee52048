// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, MEMBER, openPhone, OTHER, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { openDraft, submitDraft } from "./drafts";
import { addPhoto, listPhotos } from "./photos";
import { answersGiven, openRefile } from "./refile";
import type { Session } from "./session";
import { sync } from "./sync";
import type { Op, SubmissionBody } from "./types";
import { replacing } from "./writes";

let at: Session;
let server: FakeServer;
beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山", contact_phone: "1" });
  server.addHousehold(VILLAGE, OTHER, 5, { head_name: "李秀兰", contact_phone: "2" });
  await sync();
});
afterEach(() => closePhone(at));

const withRepeat = XFORM.replace("</h:head>", '</h:head><h:body><repeat nodeset="/data/member_row"/></h:body>');

test("answers go along, what was known of the wrong household and its people do not", () => {
  const instance_xml = instanceXml({ head: "王大山", phone: "139", photo: "a.jpg", members: [{ id: MEMBER, name: "王小山" }] });
  const entities: SubmissionBody["entities"] = [{ dataset: "household", id: HOUSEHOLD, base_version: 3, base: { head_name: "王大山", contact_phone: "1" } }];
  expect(answersGiven({ instance_xml, entities }, withRepeat, HOUSEHOLD)).toEqual([["/data/phone", "139"], ["/data/photo", "a.jpg"]]);
});

test("the visit that is saved for the right household names the wrong one's visit and knows its own bases", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const bytes = new Blob(["one"], { type: "image/jpeg" });
  await addPhoto(draft.id, "a.jpg", "front", bytes, await captureRecord({ bytes, source: "live", visitId: draft.id, householdId: HOUSEHOLD, slot: "front" }, null));
  const wrong = await submitDraft(draft.id, finished(instanceXml({ head: "王大山", phone: "139", photo: "a.jpg" })));
  await sync({ sendFile: async () => undefined });
  const right = await openRefile(wrong, OTHER);
  expect([right.household_id, right.title, (await listPhotos(right.id)).map(({ name }) => name)]).toEqual([OTHER, "李秀兰", ["a.jpg"]]);
  expect(right.extra.carry).toEqual([["/data/phone", "139"], ["/data/photo", "a.jpg"]]);
  const saved = await submitDraft(right.id, finished(instanceXml({ head: "李秀兰", phone: "139", photo: "a.jpg", household: OTHER })));
  await sync({ sendFile: async () => undefined });
  const op = JSON.parse(server.stored.get(saved)?.op ?? "{}") as Op & SubmissionBody;
  const first = JSON.parse(server.stored.get(wrong)?.op ?? "{}") as Op & SubmissionBody;
  expect(op.instance_xml).toContain(`<deprecatedID>${first.instance_id}</deprecatedID>`);
  expect(op.entities).toMatchObject([{ dataset: "household", id: OTHER, base_version: 5 }]);
});

test("an instance that names what it replaces stays as it is", () => {
  const once = replacing(instanceXml({ head: "王" }), "uuid:x");
  expect(once).toContain("<deprecatedID>uuid:x</deprecatedID>");
  expect(replacing(once, "uuid:x")).toBe(once);
});
