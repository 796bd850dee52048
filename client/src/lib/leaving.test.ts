// @vitest-environment node
/** What is taken away, restored or missing, on the real sealed store. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, MEMBER, openPhone, OTHER, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { PhoneDatabase } from "./database";
import { openDraft, saveDraft, submitDraft } from "./drafts";
import { listOutbox } from "./outbox";
import { addPhoto } from "./photos";
import { Problem } from "./problem";
import { keepReply } from "./questions";
import { getRecord, listRecords } from "./records";
import { revokedNotice } from "./revoked";
import { isUnlocked, type Session } from "./session";
import { sync } from "./sync";
import type { Op } from "./types";

let at: Session;
let server: FakeServer;
const kept = new Map<string, string>();

beforeEach(async () => {
  kept.clear();
  vi.stubGlobal("localStorage", { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) });
  ({ at, server } = await openPhone());
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  server.addMember(VILLAGE, HOUSEHOLD, MEMBER, 2, { full_name: "王小山" });
  server.addHousehold("user:p1", OTHER, 1, { head_name: "李秀兰" });
  await sync();
});
afterEach(() => closePhone(at));

const ops = (): Op[] => server.requests.filter(({ path }) => path === "/sync/push").flatMap(({ body }) => body["ops"] as Op[]);
const visit = async (head = "王大山"): Promise<string> => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  return submitDraft(draft.id, finished(instanceXml({ head })));
};
async function draftWithPhoto(): Promise<string> {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await saveDraft(draft.id, instanceXml({ head: "写到一半", photo: "a.jpg" }));
  const bytes = new Blob(["photo a"], { type: "image/jpeg" });
  await addPhoto(draft.id, "a.jpg", "front", bytes, await captureRecord({ bytes, source: "live", visitId: draft.id, householdId: HOUSEHOLD, slot: "front" }, null));
  return draft.id;
}
const takeAway = (): void => { server.feed(VILLAGE).state = "revoking"; };

describe("a scope that is taken away", () => {
  test("hands over visits, photos and unfinished forms first, and then nothing of it is on the phone", async () => {
    await visit();
    await draftWithPhoto();
    takeAway();
    const sent: string[] = [];
    const result = await sync({ sendFile: async (file) => { sent.push(await file.blob.text()); } });
    expect(result).toMatchObject({ outcome: "done", pulled: { gone: 1 } });
    expect(ops().map((op) => op.kind)).toEqual(["submission", "draft", "revocation_ack"]);
    expect(ops()[1]).toMatchObject({ instance_id: /<instanceID>([^<]+)/.exec(String(ops()[1]?.["instance_xml"]))?.[1], entity_id: HOUSEHOLD, form_id: "household_visit", attachments: [{ name: "a.jpg" }] });
    expect(ops()[2]).toMatchObject({ scope: VILLAGE, count: 2 });
    expect(sent).toEqual(["photo a"]);
    expect((await listRecords("household")).map((row) => row.id)).toEqual([OTHER]);
    expect([await at.db.drafts.count(), await at.db.photos.count(), await at.db.bases.count()]).toEqual([0, 0, 0]);
    expect(await listOutbox()).toEqual([]);
  });

  test("is kept while a photo of its visits has not arrived", async () => {
    await draftWithPhoto();
    takeAway();
    await sync({ sendFile: () => Promise.reject(new Problem("network.unreachable")) });
    expect(await getRecord("household", HOUSEHOLD)).toBeDefined();
    expect(ops().map((op) => op.kind)).toEqual(["draft"]);
    await sync({ sendFile: () => Promise.resolve() });
    expect(await getRecord("household", HOUSEHOLD)).toBeUndefined();
  });

  test("does not pull away a form that somebody is filling just now", async () => {
    const id = await draftWithPhoto();
    const { hold } = await import("./turns");
    const giveBack = await hold(`form:${id}`);
    takeAway();
    await sync();
    expect([await at.db.drafts.count(), (await getRecord("household", HOUSEHOLD))?.id]).toEqual([1, HOUSEHOLD]);
    giveBack?.();
    await Promise.resolve();
    await sync({ sendFile: () => Promise.resolve() });
    expect([await at.db.drafts.count(), await getRecord("household", HOUSEHOLD)]).toEqual([0, undefined]);
  });

  test("keeps a household that another scope holds, with its unfinished form", async () => {
    server.addHousehold("user:p1", HOUSEHOLD, 3, { head_name: "王大山" });
    await sync();
    await draftWithPhoto();
    takeAway();
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toBeDefined();
    expect(await at.db.drafts.count()).toBe(1);
    expect(await getRecord("member", MEMBER)).toBeUndefined();
  });
});

describe("a phone that was taken out of use", () => {
  const revoke = (): void => {
    for (const feed of server.feeds.values()) feed.state = "revoking";
    server.judge = () => ({ status: "quarantined", code: "device.revoked" });
    server.before = (path) => (["/sync/hello", "/sync/push"].includes(path) ? undefined : { status: 403, code: "device.revoked" });
  };

  test("hands over an answer that is being written, as far as it was typed", async () => {
    const QUESTION = "99999999-9999-4999-8999-999999999999";
    server.add("user:p1", { type: "question", id: QUESTION, instance_id: "uuid:x", entity_id: HOUSEHOLD, text: "几口人？" });
    await sync();
    await keepReply(QUESTION, "写到一半");
    revoke();
    await sync();
    expect(ops().find((op) => op.kind === "answer")).toMatchObject({ question_id: QUESTION, text: "写到一半" });
    expect(isUnlocked()).toBe(false);
  });

  test("hands over everything, then wipes itself and says why", async () => {
    await visit();
    await draftWithPhoto();
    revoke();
    const { install } = at;
    const result = await sync({ sendFile: () => Promise.resolve() });
    expect(result.outcome).toBe("revoked");
    expect(ops().map((op) => op.kind)).toEqual(["submission", "draft", ...["forms", VILLAGE, "user:p1"].map(() => "revocation_ack")]);
    expect(isUnlocked()).toBe(false);
    expect(revokedNotice()).toMatchObject({ name: "张敏" });
    const empty = new PhoneDatabase(install.install_id);
    await empty.open();
    expect(await Promise.all(empty.tables.map((table) => table.count()))).toEqual(empty.tables.map(() => 0));
    empty.close();
  });

  test("keeps everything while the line breaks, and leaves another worker's store alone", async () => {
    const other = new PhoneDatabase("other-worker");
    await other.open();
    await other.counters.put({ name: "seq", value: 7 });
    await visit();
    revoke();
    const first = server.before;
    server.before = (path, count) => (path === "/sync/push" && count === 1 ? brokenLine() : first(path, count));
    expect((await sync()).outcome).toBe("revoked");
    expect(await at.db.ops.count()).toBe(1);
    await sync();
    expect(isUnlocked()).toBe(false);
    expect((await other.counters.get("seq"))?.value).toBe(7);
    await other.delete();
  });
});

describe("a server restored from its backup", () => {
  test("gets again what it had lost, and only that", async () => {
    await visit("一");
    await sync();
    await visit("二");
    await sync();
    const [, second] = [...server.stored.keys()];
    server.stored.delete(second as string);
    server.epoch = "epoch-2";
    const result = await sync();
    expect(result).toMatchObject({ outcome: "done", resent: 1 });
    expect(server.stored.size).toBe(2);
    expect(ops().map((op) => op.seq)).toEqual([1, 2, 2]);
    expect((await sync()).resent).toBe(0);
  });

  test("and keeps an answer waiting that it had lost: it stays on its author's page, over the older row", async () => {
    await visit("我写的");
    await sync();
    server.feed(VILLAGE).entries = [];
    server.addHousehold(VILLAGE, HOUSEHOLD, 4, { head_name: "我写的" });
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toMatchObject({ own: false, base_version: 4, data: { head_name: "我写的" } });

    server.epoch = "epoch-2";
    server.stored.clear();
    server.judge = () => ({ status: "held" });
    server.feed(VILLAGE).entries = [];
    server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toMatchObject({ own: true, base_version: 3, data: { head_name: "我写的" } });
  });

  test("replaces rows by what it has, older versions too", async () => {
    server.epoch = "epoch-2";
    server.feed(VILLAGE).entries = [];
    server.addHousehold(VILLAGE, HOUSEHOLD, 2, { head_name: "备份里的" });
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toMatchObject({ base_version: 2, label: "备份里的" });
    expect(await getRecord("member", MEMBER)).toBeUndefined();
  });
});

describe("checking that all is here", () => {
  test("counts what agrees", async () => {
    expect((await sync({ check: true })).checked).toEqual({ scopes: 2, records: 3, repaired: 0, wrong: 0, moved: 0 });
  });

  test("fetches a feed again that differs, and both a lost row and a row too many are mended", async () => {
    await at.db.records.delete(`entity:member:${MEMBER}`);
    await at.db.memberships.put({ scope: VILLAGE, key: `entity:household:${OTHER}`, mark: 0 });
    const result = await sync({ check: true });
    expect(result).toMatchObject({ outcome: "done", checked: { repaired: 1, wrong: 0 } });
    expect(await getRecord("member", MEMBER)).toBeDefined();
    expect(await at.db.memberships.where("scope").equals(VILLAGE).count()).toBe(2);
  });

  test("runs by itself once a day", async () => {
    const digests = (): number => server.requests.filter(({ path }) => path.startsWith("/sync/digest")).length;
    const first = digests();
    await sync();
    expect(digests()).toBe(first);
    await at.db.counters.put({ name: "checked-at", value: Date.now() - 25 * 3_600_000 });
    await sync();
    expect(digests()).toBe(first + 2);
  });
});

test("photos wait for a better line where the worker says so, but not when the scope goes", async () => {
  await draftWithPhoto().then((id) => submitDraft(id, finished(instanceXml({ head: "王大山", photo: "a.jpg" }))));
  const sent: string[] = [];
  const sendFile = async (): Promise<void> => { sent.push("photo"); };
  const waited = await sync({ sendFile, photosWait: true });
  expect([waited.outcome, waited.photos.left, sent.length]).toEqual(["done", 1, 0]);
  takeAway();
  await sync({ sendFile, photosWait: true });
  expect(sent).toEqual(["photo"]);
});
