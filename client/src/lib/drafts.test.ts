// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, MEMBER, openPhone, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { deleteDraft, formOfDraft, getDraft, listDrafts, openDraft, saveDraft, submitDraft } from "./drafts";
import { addPhoto, draftPhotos, getPhoto, listPhotos, removePhoto } from "./photos";
import type { Session } from "./session";
import { sync } from "./sync";
import { isOld, tidy } from "./tidy";

let at: Session;
let server: FakeServer;
beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  server.addMember(VILLAGE, HOUSEHOLD, MEMBER, 2, { full_name: "王小山" });
  await sync();
});
afterEach(() => closePhone(at));

const shoot = async (draft: string, name: string, text: string): Promise<void> => {
  const bytes = new Blob([text], { type: "image/jpeg" });
  await addPhoto(draft, name, "front", bytes, await captureRecord({ bytes, source: "live", visitId: draft, householdId: HOUSEHOLD, slot: "front" }, null));
};

test("a draft keeps its answers and its rows, whatever is pulled meanwhile", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await saveDraft(draft.id, "<data>1</data>", { position: "/data/a" });
  await saveDraft(draft.id, "<data>2</data>");
  server.addMember(VILLAGE, HOUSEHOLD, MEMBER, 5, { full_name: "别的名字" });
  server.publish("household_visit", "2", XFORM);
  await sync();
  const again = await getDraft(draft.id);
  expect(again).toMatchObject({ version: "1", instanceXml: "<data>2</data>", extra: { position: "/data/a" } });
  const form = await formOfDraft(again as NonNullable<typeof again>);
  expect((await form.file("member.csv"))?.text).toContain("王小山,2,2,");
  expect((await form.file("household.csv"))?.text).toContain(`${HOUSEHOLD},王大山,3,3,`);
  expect(await form.file("unknown.csv")).toBeNull();
  expect((await openDraft(HOUSEHOLD, "household_visit")).version).toBe("2");
});

test("quick saves after one another end with the last", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await Promise.all(Array.from({ length: 20 }, (_, n) => saveDraft(draft.id, `<data>${n}</data>`)));
  expect((await getDraft(draft.id))?.instanceXml).toBe("<data>19</data>");
});

test("photos keep their exact bytes; the same name replaces, removing removes", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await shoot(draft.id, "a.jpg", "one");
  await shoot(draft.id, "a.jpg", "two");
  await shoot(draft.id, "b.jpg", "three");
  expect(await (await getPhoto(draft.id, "a.jpg"))?.text()).toBe("two");
  expect((await listPhotos(draft.id)).map((photo) => photo.name)).toEqual(["a.jpg", "b.jpg"]);
  await removePhoto(draft.id, "b.jpg");
  expect(await getPhoto(draft.id, "b.jpg")).toBeUndefined();
});

test("saving is one step: if any part fails, the draft and its photos are as before and no number is taken", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await shoot(draft.id, "a.jpg", "one");
  const fail = (): never => { throw new Error("disk full"); };
  at.db.drafts.hook("deleting", fail);
  const done = finished(instanceXml({ head: "王大山", photo: "a.jpg" }));
  await expect(submitDraft(draft.id, done)).rejects.toThrow();
  expect([await at.db.ops.count(), await at.db.bases.count(), (await at.db.counters.get("seq"))?.value]).toEqual([0, 0, undefined]);
  expect((await at.db.photos.toArray()).map((photo) => [photo.owner, photo.state])).toEqual([[draft.id, "draft"]]);
  at.db.drafts.hook("deleting").unsubscribe(fail);
  await submitDraft(draft.id, done);
  expect([await at.db.ops.count(), (await at.db.counters.get("seq"))?.value, (await listDrafts()).length]).toEqual([1, 1, 0]);
});

test("a second tap on save makes no second op", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const done = finished(instanceXml({ head: "王大山" }));
  const outcomes = await Promise.allSettled([submitDraft(draft.id, done), submitDraft(draft.id, done)]);
  expect(outcomes.map((one) => one.status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(await at.db.ops.count()).toBe(1);
});

test("each draft tells how many photos it holds and how large they are; what is on its way is no draft's", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await shoot(draft.id, "a.jpg", "aaa");
  await shoot(draft.id, "b.jpg", "bb");
  expect([...(await draftPhotos())]).toEqual([[draft.id, { n: 2, size: 5 }]]);
  await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "a.jpg" })));
  expect((await draftPhotos()).size).toBe(0);
});

test("a deleted draft takes its photos with it", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await shoot(draft.id, "a.jpg", "one");
  await deleteDraft(draft.id);
  expect([await at.db.drafts.count(), await at.db.photos.count()]).toEqual([0, 0]);
});

test("old accepted photos free their room; nothing else does", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await shoot(draft.id, "a.jpg", "one");
  await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "a.jpg" })));
  await sync({ sendFile: async () => undefined });
  expect(await tidy(at)).toBe(0);
  expect(await tidy(at, Date.now() + 40 * 86_400_000)).toBe(1);
  const old = { state: "settled" as const, answered_at: "2026-01-01T00:00:00Z" };
  const now = Date.parse("2026-06-01T00:00:00Z");
  expect(isOld(old, [{ state: "sent" }], now, 30)).toBe(true);
  expect(isOld(old, [{ state: "pending" }], now, 30)).toBe(false);
  expect(isOld({ ...old, state: "stuck" }, [], now, 30)).toBe(false);
});
