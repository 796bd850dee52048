// @vitest-environment node
/** One record, or one photo, sent when the worker asks for it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, openPhone, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { openDraft, submitDraft } from "./drafts";
import { listOutbox, sendAgain } from "./outbox";
import { addPhoto, sendPhotoAgain } from "./photos";
import { getRecord } from "./records";
import type { Session } from "./session";
import { sync } from "./sync";

let at: Session;
let server: FakeServer;

beforeEach(async () => {
  vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined, removeItem: () => undefined });
  ({ at, server } = await openPhone());
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  await sync();
});
afterEach(() => closePhone(at));

async function visitWithPhoto(name: string): Promise<string> {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const bytes = new Blob([new Uint8Array([...name].map((letter) => letter.charCodeAt(0)))], { type: "image/jpeg" });
  await addPhoto(draft.id, name, "front", bytes, await captureRecord({ bytes, source: "live", visitId: draft.id, householdId: HOUSEHOLD, slot: "front" }, null));
  return submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: name })));
}

test("the photo that is asked for goes first, on any line, and a sent one may go again", async () => {
  await visitWithPhoto("a.jpg");
  await visitWithPhoto("b.jpg");
  const sent: string[] = [];
  const sendFile = async ({ name }: { name: string }): Promise<void> => { sent.push(name); };
  await sync({ sendFile, photosWait: true });
  expect(sent).toEqual([]);
  const op = (await listOutbox()).find(({ seq }) => seq === 1)!;
  const waited = await sync({ sendFile, photosWait: true, first: op.op_id });
  expect([sent, waited.photos.left]).toEqual([["a.jpg"], 1]);
  const dot = (await listOutbox()).find((item) => item.op_id === op.op_id)!.photos.dots[0]!;
  await sendPhotoAgain(dot.id);
  await sync({ sendFile, first: dot.id });
  expect(sent[1]).toBe("a.jpg");
  expect((await listOutbox()).every(({ photos }) => photos.sent === photos.total)).toBe(true);
});

test("what no envelope could carry goes again under its own number, and its values are shown meanwhile", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  await submitDraft(draft.id, finished(instanceXml({ head: "王新山" })));
  const [item] = await listOutbox();
  await at.db.ops.update(item!.seq, { state: "stuck", code: "push.too_large" });
  const [base] = await at.db.bases.toArray();
  await at.db.bases.update(base!.key, { ops: [], dropped: [item!.op_id] });
  expect((await listOutbox())[0]).toMatchObject({ state: "needs_you", seq: item!.seq });
  await sendAgain(item!.op_id);
  expect((await listOutbox())[0]).toMatchObject({ state: "saved", seq: item!.seq });
  expect((await getRecord("household", HOUSEHOLD))?.data["head_name"]).toBe("王新山");
  await sync();
  expect((await listOutbox())[0]?.state).toBe("accepted");
  await sendAgain(item!.op_id); // accepted: nothing happens
  expect((await listOutbox())[0]?.state).toBe("accepted");
  expect(server.requests.filter(({ path }) => path === "/sync/push").length).toBe(1);
});
