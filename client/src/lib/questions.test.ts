// @vitest-environment node
/** A question comes by the feed, is answered without a network, and goes like a visit; what is typed survives. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { closePhone, finished, HOUSEHOLD, instanceXml, openPhone, VILLAGE } from "../../tests/phone";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { bytesOf, fromUtf8 } from "./bytes";
import { captureRecord } from "./capture";
import { openDraft, submitDraft } from "./drafts";
import { listOutbox } from "./outbox";
import { addPhoto, listPhotos } from "./photos";
import { askedAbout, keepReply, keptReply, markRead, openQuestions, ownerOf, sendAnswer } from "./questions";
import type { Session } from "./session";
import { sync } from "./sync";
import type { Op } from "./types";

const OWN = "user:p1";
const QUESTION = "99999999-9999-4999-8999-999999999999";
const ASKER = { id: "z", username: "zhang", display_name: "张主任" };
const FORM = `<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"><h:head><model>
<itext><translation lang="中文 (zh)"><text id="/data/phone:label"><value>电话</value></text><text id="g-0"><value>能打通</value></text></translation>
<translation lang="English (en)"><text id="/data/phone:label"><value>Phone</value></text><text id="g-0"><value>Works</value></text></translation></itext>
<instance id="g"><root><item><itextId>g-0</itextId><name>ok</name></item></root></instance></model></h:head>
<h:body><select1 ref=" /data/phone "><label ref="jr:itext('/data/phone:label')"/><itemset nodeset="instance('g')/root/item"><value ref="name"/><label ref="jr:itext(itextId)"/></itemset></select1></h:body></h:html>`;
let at: Session;
let server: FakeServer;

beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.addHousehold(VILLAGE, HOUSEHOLD, 1, { head_name: "王大山" });
  server.publish("household_visit", "1", FORM);
  await sync();
});
afterEach(() => closePhone(at));

/** A sent visit with one photo; its instance id and the photo's hash. */
async function visited(): Promise<{ instance: string; sha256: string }> {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const bytes = new Blob(["roof"], { type: "image/jpeg" });
  const record = await captureRecord({ bytes, source: "live", visitId: draft.id, householdId: HOUSEHOLD, slot: "house_front" }, null);
  const { sha256 } = await addPhoto(draft.id, "front.jpg", "house_front", bytes, record);
  const done = finished(instanceXml({ head: "王大山", phone: "ok", photo: "front.jpg" }));
  await submitDraft(draft.id, done);
  server.blobs.add(sha256);
  await sync();
  return { instance: done.instanceId, sha256 };
}

async function ask(instance: string, more: Record<string, unknown> = {}): Promise<void> {
  server.add(OWN, { type: "question", id: QUESTION, instance_id: instance, entity_id: HOUSEHOLD, text: "电话打不通，对吗？", asked_by: ASKER, asked_at: "2026-11-21T09:00:00Z", ...more });
  await sync();
}

const only = async (): Promise<Awaited<ReturnType<typeof openQuestions>>[number]> => (await openQuestions())[0] as Awaited<ReturnType<typeof openQuestions>>[number];

test("a question shows whose household it is about, and the answer in the words of its form, without a network", async () => {
  const { instance } = await visited();
  await ask(instance, { path: "/data/phone" });
  const question = await only();
  expect(question).toMatchObject({ title: "王大山", household_id: HOUSEHOLD, answer: null, read: false });
  server.before = () => brokenLine();
  expect(await askedAbout(question)).toEqual({ label: { zh: "电话", en: "Phone" }, answer: { zh: "能打通", en: "Works" }, photo: null });
  await markRead(QUESTION);
  expect((await only()).read).toBe(true);
});

test("a question about a photo shows the own copy; a photo that is not here is no hindrance", async () => {
  const { instance, sha256 } = await visited();
  await ask(instance, { attachment_id: "a1", attachment: { name: "front.jpg", slot: "house_front", sha256 } });
  server.before = () => brokenLine();
  const about = await askedAbout(await only());
  expect(about?.photo && fromUtf8(await bytesOf(about.photo))).toBe("roof");
  expect(await askedAbout({ ...(await only()), attachment: { name: "x", slot: null, sha256: "00" } })).toBeNull();
});

test("what is typed is kept sealed; the answer goes with its photo, in the order of the install, and is shown on its way", async () => {
  const { instance } = await visited();
  await ask(instance);
  await keepReply(QUESTION, "打得通");
  expect(await keptReply(QUESTION)).toBe("打得通");
  expect(JSON.stringify(await at.db.cache.toArray())).not.toContain("打得通");
  const bytes = new Blob(["bill"], { type: "image/jpeg" });
  const capture = await captureRecord({ bytes, source: "live", visitId: instance, householdId: HOUSEHOLD, slot: null }, null);
  const { sha256 } = await addPhoto(ownerOf(QUESTION), "answer.jpg", null, bytes, capture);
  server.before = () => brokenLine();
  const opId = await sendAnswer(await only(), " 打得通 ");
  expect([await keptReply(QUESTION), await listPhotos(ownerOf(QUESTION))]).toEqual(["", []]);
  expect((await only()).answer).toMatchObject({ op_id: opId, state: "saved", reply: { asked: "电话打不通，对吗？", text: "打得通" }, photos: { total: 1 } });
  server.before = () => undefined;
  server.blobs.add(sha256);
  await sync();
  const sent = JSON.parse(server.stored.get(opId)?.op ?? "{}") as Op;
  expect(sent).toMatchObject({ kind: "answer", seq: 2, question_id: QUESTION, text: "打得通", attachments: [{ name: "answer.jpg", sha256, capture: { seq: 1, prev_record_hash: null } }] });
  expect((sent["attachments"] as { capture: { signature: string } }[])[0]?.capture.signature).toMatch(/^[A-Za-z0-9+/]+=*$/);
  expect((await listOutbox())[0]).toMatchObject({ kind: "answer", state: "accepted", title: "王大山" });
});

test("an empty answer is not sent", async () => {
  const { instance } = await visited();
  await ask(instance);
  await expect(sendAnswer(await only(), "  ")).rejects.toThrow();
  expect((await listOutbox()).map((item) => item.kind)).toEqual(["submission"]);
});

test("an answer that was set aside leaves the question open; an answered question takes along what was begun", async () => {
  const { instance } = await visited();
  await ask(instance);
  server.judge = () => ({ status: "quarantined", code: "scope.lost" });
  await sendAnswer(await only(), "打得通");
  await sync();
  expect((await only()).answer).toBeNull();
  await keepReply(QUESTION, "再说一遍");
  await markRead(QUESTION);
  const bytes = new Blob(["bill"], { type: "image/jpeg" });
  const capture = await captureRecord({ bytes, source: "live", visitId: instance, householdId: HOUSEHOLD, slot: null }, null);
  await addPhoto(ownerOf(QUESTION), "answer.jpg", null, bytes, capture);
  server.add(OWN, { type: "eviction", dataset: "question", id: QUESTION });
  await sync();
  expect([await openQuestions(), await at.db.cache.count(), await listPhotos(ownerOf(QUESTION))]).toEqual([[], 0, []]);
});
