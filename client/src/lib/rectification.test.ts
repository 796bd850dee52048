// @vitest-environment node
/** A finding comes by the village's feed, is appealed or reported as put right without a network, and goes like a visit. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, openPhone, VILLAGE } from "../../tests/phone";
import { captureRecord } from "./capture";
import { uuid7 } from "./ids";
import { CHECK_FORM, carriedInto } from "./on-the-spot";
import { addOp, listOutbox, makeOp } from "./outbox";
import { addPhoto, listPhotos } from "./photos";
import { isWaiting, keepWords, keptWords, offersOn, openFindings, ownerOf, sendStep, type OpenFinding } from "./rectification";
import type { Session } from "./session";
import { sync } from "./sync";
import type { FindingEntry, FindingOffer } from "./types";

const ID = "88888888-8888-4888-8888-888888888888";
const APPEAL = { step: "appeal", labels: { zh: "申诉" }, needs: ["text"] };
const CLAIM = { step: "claim", labels: { zh: "报告整改完成" }, needs: ["text", "photo"] };
const SOON = "2999-01-01";
let at: Session;
let server: FakeServer;

beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.addHousehold(VILLAGE, HOUSEHOLD, 1, { head_name: "王大山" });
  await sync();
});
afterEach(() => closePhone(at));

const entry = (more: Partial<FindingEntry> = {}): Omit<FindingEntry, "n"> => ({
  type: "finding", id: ID, number: "20261122-8888", region: "990101200000", household: { id: HOUSEHOLD, label: "王大山" }, kind: "housing", text: "屋檐开裂", slot: "house_front",
  state: "opened", since: "2026-11-22", due_on: SOON, lapses: true, offers: [APPEAL], steps: [], opened_at: "2026-11-22T00:00:00Z", ...more,
});
async function told(more: Partial<FindingEntry> = {}): Promise<OpenFinding> {
  server.add(VILLAGE, entry(more));
  await sync();
  return (await openFindings())[0] as OpenFinding;
}
const sentOp = (id: string): Record<string, unknown> => JSON.parse(server.stored.get(id)?.op ?? "{}") as Record<string, unknown>;

test("an appeal is written without a network, shows as the own step, and goes with its words", async () => {
  const finding = await told();
  expect(finding).toMatchObject({ text: "屋檐开裂", sent: null, offers: [APPEAL] });
  server.before = () => brokenLine();
  await keepWords(ID, "已经");
  expect(await keptWords(ID)).toBe("已经");
  const op = await sendStep(finding, APPEAL, { text: " 已经修过 " });
  expect((await openFindings())[0]?.sent).toMatchObject({ op_id: op, state: "saved", title: "王大山" });
  expect(await keptWords(ID)).toBe("");
  server.before = () => undefined;
  await sync();
  expect(sentOp(op)).toMatchObject({ op_id: op, finding_id: ID, step: "appeal", text: "已经修过", attachments: [] });
});

test("what is put right is reported with a photo, which becomes the op's", async () => {
  const finding = await told({ state: "rectifying", lapses: false, offers: [CLAIM] });
  await expect(sendStep(finding, CLAIM, { text: "修好了" })).rejects.toMatchObject({ code: "finding.incomplete" });
  const bytes = new Blob(["mended"], { type: "image/jpeg" });
  const record = await captureRecord({ bytes, source: "live", visitId: ID, householdId: HOUSEHOLD, slot: "house_front" }, null);
  await addPhoto(ownerOf(ID), "after.jpg", "house_front", bytes, record);
  const op = await sendStep(finding, CLAIM, { text: "修好了" });
  expect(await listPhotos(ownerOf(ID))).toEqual([]);
  expect((await listOutbox())[0]).toMatchObject({ op_id: op, photos: { total: 1, sent: 0 }, step: { finding_id: ID, step: "claim" } });
  await sync();
  expect(sentOp(op)).toMatchObject({ attachments: [{ name: "after.jpg", slot: "house_front" }] });
});

test("once the server shows the step, it is no longer the own one on its way", async () => {
  const finding = await told();
  const op = await sendStep(finding, APPEAL, { text: "修过" });
  const step = { id: op, n: 1, step: "appeal", side: "village", at: "2026-11-22T01:00:00Z", text: "修过", files: [] };
  const after = await told({ state: "appealed", lapses: false, offers: [], steps: [step] });
  expect(after).toMatchObject({ sent: null, state: "appealed", offers: [] });
});

test("after the last day to appeal nothing is offered any more", () => {
  const one = entry({ due_on: "2026-11-27" }) as FindingEntry;
  const names = (day: string): string[] => offersOn(one, day).map((offer: FindingOffer) => offer.step);
  expect([names("2026-11-27"), names("2026-11-28")]).toEqual([["appeal"], []]);
});

test("who is sent to look begins with what the notice says, and verifies by what the own visit saw, unsent as it is", async () => {
  const VERIFY = { step: "verify", labels: {}, needs: ["check"] };
  const BACK = { step: "return", labels: {}, needs: ["text", "due"] };
  const claim = { id: "c1", n: 1, step: "claim", side: "village", at: "2026-11-21T01:00:00Z", text: "补好了", files: [] };
  const order = { ...claim, id: "c0", n: 0, step: "order", due: "2026-12-01" };
  const finding = await told({ side: "inspection", state: "claimed", lapses: false, offers: [BACK, VERIFY], steps: [order, claim] });
  expect([finding.offers, isWaiting(finding)]).toEqual([[], true]); // nothing before somebody has looked
  const carried = await carriedInto(CHECK_FORM, HOUSEHOLD);
  expect(carried).toEqual([["/data/finding/finding_ref", "20261122-8888"], ["/data/finding/finding_kind", "housing"], ["/data/finding/finding_text", "屋檐开裂"], ["/data/finding/found_on", "2026-11-22"], ["/data/finding/due_on", "2026-12-01"]]);
  expect(await carriedInto("household_visit", HOUSEHOLD)).toEqual([]);
  server.before = () => brokenLine();
  const visit = await looked("yes", "20261122-8888");
  const [seen] = await openFindings();
  expect([seen?.look, seen?.offers]).toEqual([{ op_id: visit, instance_id: "uuid:look", verified: "yes", why: "", due: "" }, [VERIFY]]);
  const op = await sendStep(seen as OpenFinding, VERIFY, { text: "", check: seen?.look ?? null });
  server.before = () => undefined;
  await sync();
  expect(sentOp(op)).toMatchObject({ step: "verify", check: "uuid:look", depends_on: [visit] });
});

test("a look at another finding of the household, or one that a step named before, says nothing of this one", async () => {
  await looked("no", "20261122-0000");
  const named = { id: "r1", n: 2, step: "return", side: "inspection", at: "2026-11-21T02:00:00Z", text: "", check: "uuid:old", files: [] };
  const more = { side: "inspection" as const, state: "claimed", lapses: false, offers: [], steps: [named] };
  expect((await told({ ...more, check: { instance_id: "uuid:old", verified: "no" } })).look).toBeNull();
  expect((await told({ ...more, check: { instance_id: "uuid:new", verified: "no" } })).look).toMatchObject({ instance_id: "uuid:new", verified: "no" });
});

/** A check that was filled here. */
async function looked(verified: string, number: string): Promise<string> {
  const xml = `<data id="${CHECK_FORM}"><finding><finding_ref>${number}</finding_ref></finding><closing><verified>${verified}</verified></closing></data>`;
  const body = { instance_id: "uuid:look", form_id: CHECK_FORM, form_version: "1", instance_xml: xml, visit: {}, entities: [], attachments: [] };
  const op = await makeOp(at, { op_id: uuid7(), kind: "submission", body, depends_on: [], title: "王大山", names: {}, instance_id: "uuid:look", household_id: HOUSEHOLD, bases: [] });
  await at.db.transaction("rw", [at.db.ops, at.db.counters, at.db.bases], () => addOp(at.db, op));
  return op.row.op_id;
}
