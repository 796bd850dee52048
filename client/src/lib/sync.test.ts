// @vitest-environment node
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, MEMBER, openPhone, OTHER, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { openDraft, submitDraft } from "./drafts";
import { uuid4 } from "./ids";
import { listOutbox } from "./outbox";
import { addPhoto } from "./photos";
import { Problem } from "./problem";
import { childrenOf, getRecord, listRecords } from "./records";
import type { Session } from "./session";
import { sync } from "./sync";
import type { Op } from "./types";

let at: Session;
let server: FakeServer;

beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山", contact_phone: "13800000000" });
  server.addMember(VILLAGE, HOUSEHOLD, MEMBER, 2, { full_name: "王小山" });
  await sync();
});
afterEach(() => closePhone(at));

const ops = (): Op[] => server.requests.filter(({ path }) => path === "/sync/push").flatMap(({ body }) => body["ops"] as Op[]);
const visit = async (head: string, more: object = {}): Promise<string> => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  return submitDraft(draft.id, finished(instanceXml({ head, ...more })));
};
const addPhotoTo = async (draftId: string, name: string, text: string): Promise<string> => {
  const bytes = new Blob([text], { type: "image/jpeg" });
  const capture = await captureRecord({ bytes, source: "live", visitId: draftId, householdId: HOUSEHOLD, slot: "front" }, null);
  return (await addPhoto(draftId, name, "front", bytes, capture)).sha256;
};
const states = async (): Promise<string[]> => (await listOutbox()).map((item) => item.state);

describe("a round", () => {
  test("brings households, members and forms, and a second one brings nothing", async () => {
    expect((await listRecords("household")).map((row) => row.label)).toEqual(["王大山"]);
    expect((await childrenOf(HOUSEHOLD, "member")).map((row) => row.label)).toEqual(["王小山"]);
    const again = await sync();
    expect(again).toMatchObject({ outcome: "done", pulled: { rows: 0 }, forms: 0, problems: [] });
  });

  test("hands an op over once and gets its outcome", async () => {
    await visit("王大山");
    expect(await states()).toEqual(["saved"]);
    const result = await sync();
    expect(result.pushed).toMatchObject({ sent: 1, accepted: 1, left: 0 });
    expect(await states()).toEqual(["accepted"]);
    await sync();
    expect(ops()).toHaveLength(1);
  });

  test("sends the same op again after a lost answer, and the duplicate counts as accepted", async () => {
    await visit("王大山");
    server.after = (path, count) => { if (path === "/sync/push" && count === 1) brokenLine(); };
    expect((await sync()).outcome).toBe("partial");
    expect(await states()).toEqual(["saved"]);
    await sync();
    expect(await states()).toEqual(["accepted"]);
    const [first, second] = ops();
    expect(second).toEqual(first);
    expect(server.stored.size).toBe(1);
  });

  test("says offline when nobody answers, and keeps everything", async () => {
    await visit("王大山");
    server.before = brokenLine;
    expect((await sync()).outcome).toBe("offline");
    expect(await states()).toEqual(["saved"]);
  });

  test("asks for a new sign-in when the token has ended", async () => {
    server.before = () => ({ status: 401, code: "auth.token_expired" });
    expect((await sync()).outcome).toBe("sign_in");
  });

  test("runs once at a time", async () => {
    const [first, second] = await Promise.all([sync(), sync()]);
    expect([first.outcome, second.outcome].sort()).toEqual(["busy", "done"]);
  });

  test("goes on with the next op after one that the server keeps aside", async () => {
    const bad = await visit("李");
    await visit("王");
    server.judge = (op) => (op.op_id === bad ? { status: "quarantined", code: "scope.lost" } : { status: "applied" });
    const result = await sync();
    expect(result.pushed).toMatchObject({ accepted: 1, needs_you: 1 });
    expect(await states()).toEqual(["accepted", "needs_you"]);
  });

  test("finds the one op that makes the envelope unreadable and sets it aside", async () => {
    await visit("甲");
    const poison = await visit("乙");
    await visit("丙");
    server.before = (path) => {
      const last = server.requests.at(-1);
      return path === "/sync/push" && (last?.body["ops"] as Op[]).some((op) => op.op_id === poison) ? { status: 400, code: "body.unreadable" } : undefined;
    };
    expect((await sync()).pushed).toMatchObject({ accepted: 2, needs_you: 1, left: 0 });
    expect((await listOutbox()).find((item) => item.op_id === poison)).toMatchObject({ state: "needs_you", code: "body.unreadable" });
  });

  test.each([400, 403])("keeps what a gateway refuses with a %i of its own, and sends it once the gateway is gone", async (status) => {
    for (const head of ["甲", "乙", "丙"]) await visit(head);
    server.before = (path) => (path === "/sync/push" ? { status, code: `http.${status}` } : undefined);
    expect((await sync()).outcome).toBe("partial");
    expect(await states()).toEqual(["saved", "saved", "saved"]);
    server.before = () => undefined;
    expect((await sync()).pushed).toMatchObject({ accepted: 3, left: 0 });
  });

  test("sends the neighbours of a visit that a firewall lets through in no envelope", async () => {
    await visit("甲");
    const poison = await visit("乙");
    await visit("丙");
    server.before = (path) => (path === "/sync/push" && (server.requests.at(-1)?.body["ops"] as Op[]).some((op) => op.op_id === poison) ? { status: 403, code: "http.403" } : undefined);
    expect((await sync()).pushed).toMatchObject({ accepted: 2, needs_you: 0, left: 1 });
    expect((await listOutbox()).find((item) => item.op_id === poison)).toMatchObject({ state: "saved" });
  });

  test("still pulls when the server refuses a photo", async () => {
    const draft = await openDraft(HOUSEHOLD, "household_visit");
    await addPhotoTo(draft.id, "a.jpg", "photo a");
    await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "a.jpg" })));
    server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
    const result = await sync({ sendFile: () => Promise.reject(new Problem("upload.too_large", { status: 413 })) });
    expect(result.outcome).toBe("partial");
    expect(result.problems[0]).toMatchObject({ stage: "photos" });
    expect(await listRecords("household")).toHaveLength(2);
  });
});

describe("photos", () => {
  test("are sent after their visit, and the visit is accepted when all have arrived", async () => {
    const draft = await openDraft(HOUSEHOLD, "household_visit");
    const hash = await addPhotoTo(draft.id, "a.jpg", "photo a");
    await addPhotoTo(draft.id, "gone.jpg", "a discarded shot");
    await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "a.jpg" })));
    expect((await listOutbox())[0]?.photos.total).toBe(1);
    await sync({ sendFile: () => Promise.reject(new Problem("network.unreachable")) });
    expect(await states()).toEqual(["sent"]);
    const sent: string[] = [];
    const seen: number[] = [];
    const result = await sync({
      onProgress: (now) => { if (now.stage === "photos") seen.push(now.bytes); },
      sendFile: async (file, hooks) => { sent.push(await file.blob.text()); hooks.onBytes?.(3); await hooks.onOffset(file.blob.size); },
    });
    expect(seen).toEqual([0, 3, 7]);
    expect(result.photos).toMatchObject({ sent: 1, left: 0 });
    expect(sent).toEqual(["photo a"]);
    expect(await states()).toEqual(["accepted"]);
    const attachment = (ops()[0]?.["attachments"] as { sha256: string; capture: { seq: number; signature: string } }[])[0];
    expect(attachment).toMatchObject({ sha256: hash, capture: { seq: 1 } });
    expect(attachment?.capture.signature).toBeTruthy();
  });

  test("that the server has already are not sent again", async () => {
    const draft = await openDraft(HOUSEHOLD, "household_visit");
    server.blobs.add(await addPhotoTo(draft.id, "a.jpg", "photo a"));
    await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "a.jpg" })));
    const result = await sync({ sendFile: () => Promise.reject(new Error("must not be called")) });
    expect(result.photos).toMatchObject({ known: 1, left: 0 });
    expect(await states()).toEqual(["accepted"]);
  });

  test("go on from the stored address and offset", async () => {
    const draft = await openDraft(HOUSEHOLD, "household_visit");
    await addPhotoTo(draft.id, "a.jpg", "photo a");
    await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "a.jpg" })));
    await sync({ sendFile: async (_file, hooks) => { await hooks.onUrl("/api/v1/uploads/u1"); await hooks.onOffset(3); throw new Problem("network.unreachable"); } });
    expect((await listOutbox())[0]?.photos.dots[0]?.share).toBeCloseTo(3 / 7);
    let url = "";
    await sync({ sendFile: async (file) => { url = file.url; } });
    expect(url).toBe("/api/v1/uploads/u1");
  });
});

describe("feeds", () => {
  test("a refetch removes what does not come again, and only then", async () => {
    server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
    await sync();
    const feed = server.feed(VILLAGE);
    feed.view = "v2";
    feed.entries = feed.entries.filter((entry) => !("id" in entry) || entry.id !== OTHER);
    server.pageSize = 1;
    server.after = (path, count) => { if (path === "/sync/pull" && count === 4) brokenLine(); };
    expect((await sync()).outcome).toBe("partial");
    expect(await listRecords("household")).toHaveLength(2);
    server.after = () => undefined;
    await sync();
    expect((await listRecords("household")).map((row) => row.id)).toEqual([HOUSEHOLD]);
    expect(await at.db.memberships.where("scope").equals(VILLAGE).count()).toBe(2);
  });

  test("an eviction from one scope keeps a record that another scope holds", async () => {
    server.addHousehold("user:p1", HOUSEHOLD, 3, { head_name: "王大山" });
    await sync();
    server.add(VILLAGE, { type: "eviction", dataset: "household", id: HOUSEHOLD });
    server.add(VILLAGE, { type: "eviction", dataset: "member", id: MEMBER });
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toBeDefined();
    expect(await getRecord("member", MEMBER)).toBeUndefined();
  });

  test("an older row from another scope does not replace a newer one", async () => {
    server.addHousehold(VILLAGE, HOUSEHOLD, 5, { head_name: "新的" });
    await sync();
    server.addHousehold("user:p1", HOUSEHOLD, 4, { head_name: "旧的" });
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toMatchObject({ base_version: 5, label: "新的" });
    expect(await at.db.memberships.where("key").startsWith("entity:household").count()).toBe(2);
  });

  test("a tombstone removes the record from every scope", async () => {
    server.addHousehold("user:p1", HOUSEHOLD, 3, { head_name: "王大山" });
    await sync();
    server.add(VILLAGE, { type: "tombstone", dataset: "household", id: HOUSEHOLD });
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toBeUndefined();
  });

  test("another epoch fetches everything again and keeps the outbox", async () => {
    await visit("王大山");
    server.epoch = "epoch-2";
    server.feed(VILLAGE).entries = [];
    server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
    await sync();
    expect((await listRecords("household")).filter((row) => !row.own).map((row) => row.id)).toEqual([OTHER]);
    expect(await listOutbox()).toHaveLength(1);
  });

  test("a scope taken away is wiped only after the work is handed over, and the server is told", async () => {
    await visit("王大山");
    server.feed(VILLAGE).state = "revoking";
    server.before = (path, count) => (path === "/sync/push" && count === 1 ? { status: 503, code: "server.busy" } : undefined);
    await sync();
    expect(await listRecords("household")).toHaveLength(1);
    await sync();
    expect(await listRecords("household")).toHaveLength(0);
    expect(ops().find((op) => op.kind === "revocation_ack")).toMatchObject({ scope: VILLAGE, count: 2 });
  });

  test("the end of a held op arrives by the user's feed", async () => {
    server.judge = () => ({ status: "held", detail: "waits" });
    const id = await visit("王大山");
    await sync();
    expect(await states()).toEqual(["sent"]);
    server.add("user:p1", { type: "op", op_id: id, status: "applied" });
    await sync();
    expect(await states()).toEqual(["accepted"]);
  });

  test("a page that fails to be stored leaves the cursor where it was", async () => {
    server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
    const before = await at.db.feeds.get(VILLAGE);
    at.db.memberships.hook("creating", () => { throw new Error("disk"); });
    expect((await sync()).problems).toMatchObject([{ stage: "pull" }]);
    expect(await at.db.feeds.get(VILLAGE)).toEqual(before);
    expect(await getRecord("household", OTHER)).toBeUndefined();
  });
});

describe("the base of the next op", () => {
  test("stays while the own op is unanswered, although a pull has brought a newer version", async () => {
    await visit("王大山（改）");
    server.before = (path) => (path === "/sync/push" ? { status: 503, code: "server.busy" } : undefined);
    server.addHousehold(VILLAGE, HOUSEHOLD, 7, { head_name: "别人改的", contact_phone: "13900000000" });
    await sync();
    const next = await openDraft(HOUSEHOLD, "household_visit");
    expect(next.snapshot.household).toMatchObject({ base_version: 3, data: { head_name: "王大山（改）", contact_phone: "13800000000" } });
  });

  test("moves on once the answer and the server's row are here", async () => {
    await visit("王大山（改）");
    server.judge = () => ({ status: "applied", entities: [{ dataset: "household", id: HOUSEHOLD, version: 4, conflicts: [] }] });
    server.addHousehold(VILLAGE, HOUSEHOLD, 4, { head_name: "王大山（改）" });
    await sync();
    const next = await openDraft(HOUSEHOLD, "household_visit");
    expect(next.snapshot.household).toMatchObject({ base_version: 4 });
    expect(await at.db.bases.count()).toBe(0);
  });

  test("stays after the answer until the pull has brought the row", async () => {
    await visit("王大山（改）");
    server.judge = () => ({ status: "applied", entities: [{ dataset: "household", id: HOUSEHOLD, version: 4, conflicts: [] }] });
    server.before = (path) => (path === "/sync/pull" ? { status: 503, code: "server.busy" } : undefined);
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toMatchObject({ base_version: 3, label: "王大山（改）", own: true });
  });

  test("stays while the op is held", async () => {
    server.judge = () => ({ status: "held", detail: "waits" });
    await visit("王大山（改）");
    server.addHousehold(VILLAGE, HOUSEHOLD, 7, { head_name: "别人改的" });
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toMatchObject({ base_version: 3, label: "王大山（改）" });
  });

  test("is the server's again when the op was kept aside", async () => {
    server.judge = () => ({ status: "quarantined", code: "scope.lost" });
    await visit("王大山（改）");
    await sync();
    expect(await getRecord("household", HOUSEHOLD)).toMatchObject({ base_version: 3, label: "王大山", own: false });
  });

  test("of a member made here is 0, and its next op names the one that made it", async () => {
    const child = uuid4();
    const made = await visit("王大山", { members: [{ id: child, name: "王新生", create: true }] });
    expect((await childrenOf(HOUSEHOLD, "member")).map((row) => row.label).sort()).toEqual(["王小山", "王新生"]);
    await visit("王大山", { members: [{ id: child, name: "王新生二" }] });
    await sync();
    const [first, second] = ops();
    expect(first?.["entities"]).toContainEqual({ dataset: "member", id: child });
    expect(second?.["entities"]).toContainEqual(expect.objectContaining({ dataset: "member", id: child, base_version: 0 }));
    expect(second?.depends_on).toEqual([made]);
    expect([first?.seq, second?.seq]).toEqual([1, 2]);
  });

  test("comes from the rows the draft was opened with, not from what was pulled meanwhile", async () => {
    const draft = await openDraft(HOUSEHOLD, "household_visit");
    server.addHousehold(VILLAGE, HOUSEHOLD, 9, { head_name: "别人改的" });
    await sync();
    await submitDraft(draft.id, finished(instanceXml({ head: "王大山" })));
    await sync();
    expect(ops().at(-1)?.["entities"]).toEqual([{ dataset: "household", id: HOUSEHOLD, base_version: 3, base: { head_name: "王大山" } }]);
  });
});
