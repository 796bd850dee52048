// @vitest-environment node
/** A finding comes by the village's feed, is appealed or reported as put right without a network, and goes like a visit. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, openPhone, VILLAGE } from "../../tests/phone";
import { captureRecord } from "./capture";
import { listOutbox } from "./outbox";
import { addPhoto, listPhotos } from "./photos";
import { keepWords, keptWords, offersOn, openFindings, ownerOf, sendStep, type OpenFinding } from "./rectification";
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
  const op = await sendStep(finding, APPEAL, " 已经修过 ");
  expect((await openFindings())[0]?.sent).toMatchObject({ op_id: op, state: "saved", title: "王大山" });
  expect(await keptWords(ID)).toBe("");
  server.before = () => undefined;
  await sync();
  expect(sentOp(op)).toMatchObject({ op_id: op, finding_id: ID, step: "appeal", text: "已经修过", attachments: [] });
});

test("what is put right is reported with a photo, which becomes the op's", async () => {
  const finding = await told({ state: "rectifying", lapses: false, offers: [CLAIM] });
  await expect(sendStep(finding, CLAIM, "修好了")).rejects.toMatchObject({ code: "finding.incomplete" });
  const bytes = new Blob(["mended"], { type: "image/jpeg" });
  const record = await captureRecord({ bytes, source: "live", visitId: ID, householdId: HOUSEHOLD, slot: "house_front" }, null);
  await addPhoto(ownerOf(ID), "after.jpg", "house_front", bytes, record);
  const op = await sendStep(finding, CLAIM, "修好了");
  expect(await listPhotos(ownerOf(ID))).toEqual([]);
  expect((await listOutbox())[0]).toMatchObject({ op_id: op, photos: { total: 1, sent: 0 }, step: { finding_id: ID, step: "claim" } });
  await sync();
  expect(sentOp(op)).toMatchObject({ attachments: [{ name: "after.jpg", slot: "house_front" }] });
});

test("once the server shows the step, it is no longer the own one on its way", async () => {
  const finding = await told();
  const op = await sendStep(finding, APPEAL, "修过");
  const step = { id: op, n: 1, step: "appeal", side: "village", at: "2026-11-22T01:00:00Z", text: "修过", files: [] };
  const after = await told({ state: "appealed", lapses: false, offers: [], steps: [step] });
  expect(after).toMatchObject({ sent: null, state: "appealed", offers: [] });
});

test("after the last day to appeal nothing is offered any more", () => {
  const one = entry({ due_on: "2026-11-27" }) as FindingEntry;
  const names = (day: string): string[] => offersOn(one, day).map((offer: FindingOffer) => offer.step);
  expect([names("2026-11-27"), names("2026-11-28")]).toEqual([["appeal"], []]);
});
