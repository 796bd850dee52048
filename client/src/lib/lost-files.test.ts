// @vitest-environment node
/** Rows whose file the phone lost: nothing else is lost with them. */
import type { DBCore, DBCoreTable, Middleware } from "dexie";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, instanceXml, openPhone, OTHER, VILLAGE, XFORM } from "../../tests/phone";
import { captureRecord } from "./capture";
import { exportWork } from "./courier";
import { listDrafts, openDraft, submitDraft } from "./drafts";
import { listOutbox } from "./outbox";
import { addPhoto, draftPhotos, getPhoto, listPhotos } from "./photos";
import { listRecords } from "./records";
import type { Session } from "./session";
import { sync } from "./sync";
import { tidy } from "./tidy";
import { unsentWork } from "./unsent";

let at: Session;
let server: FakeServer;
const lost = new Set<string>();

/** What Chromium does once a row's file is gone: whoever reads it, alone or among others, fails. Keys are read all the same. */
const failing: Middleware<DBCore> = {
  stack: "dbcore", name: "lost files",
  create: (core) => ({ ...core, table: (name) => withLost(core.table(name), core.table(name).schema.primaryKey.keyPath as string) }),
};

function withLost(table: DBCoreTable, key: string): DBCoreTable {
  const check = (rows: unknown[]): void => {
    if (rows.some((row) => lost.has(String((row as Record<string, unknown> | undefined)?.[key])))) throw new DOMException("Data lost due to missing file.", "NotReadableError");
  };
  return {
    ...table,
    get: async (asked) => { const row = await table.get(asked); check([row]); return row; },
    getMany: async (asked) => { const rows = await table.getMany(asked); check(rows); return rows; },
    query: async (asked) => { const found = await table.query(asked); if (asked.values) check(found.result); return found; },
  };
}

beforeEach(async () => {
  lost.clear();
  ({ at, server } = await openPhone());
  at.db.close();
  at.db.use(failing);
  await at.db.open();
  server.publish("household_visit", "1", XFORM);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  await sync();
});
afterEach(() => closePhone(at));

async function shot(draftId: string, name: string): Promise<string> {
  const bytes = new Blob([`photo ${name} ${draftId}`], { type: "image/jpeg" });
  await addPhoto(draftId, name, "front", bytes, await captureRecord({ bytes, source: "live", visitId: draftId, householdId: HOUSEHOLD, slot: "front" }, null));
  return (await at.db.photos.where("[owner+name]").equals([draftId, name]).primaryKeys())[0] as string;
}

async function visitWith(names: string[]): Promise<string[]> {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const ids: string[] = [];
  for (const name of names) ids.push(await shot(draft.id, name));
  await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: names.join(" ") })));
  return ids;
}

test("the others go, what is new comes, and the lost one is never shown as sent", async () => {
  const [gone] = await visitWith(["a.jpg"]);
  await visitWith(["b.jpg"]);
  lost.add(gone as string);
  server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
  const sent: string[] = [];
  const result = await sync({ sendFile: async ({ name }) => { sent.push(name); } });
  expect(result).toMatchObject({ outcome: "done", pushed: { accepted: 2 } });
  expect(sent).toEqual(["b.jpg"]);
  expect(await listRecords("household")).toHaveLength(2);
  expect((await listOutbox()).map(({ state, photos }) => [state, photos.sent, photos.total])).toEqual([["accepted", 1, 1], ["sent", 0, 1]]);
  expect(await unsentWork(), "by staying nothing is won").toEqual({ ops: 0, photos: 0, drafts: 0 });
  expect(await tidy(at, Date.now() + 40 * 86_400_000)).toBe(1);
});

test("a draft that lost one keeps the others, and is saved with them", async () => {
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  lost.add(await shot(draft.id, "a.jpg"));
  await shot(draft.id, "b.jpg");
  expect((await listPhotos(draft.id)).map(({ name }) => name)).toEqual(["b.jpg"]);
  expect(await getPhoto(draft.id, "a.jpg")).toBeUndefined();
  expect((await draftPhotos()).get(draft.id)?.n).toBe(1);
  await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "b.jpg" })));
  expect((await listOutbox())[0]?.photos.total).toBe(1);
  expect(await at.db.photos.count(), "the lost one goes with the draft").toBe(1);
});

test("of visits and drafts too the others stay: they go, and are listed", async () => {
  await visitWith([]);
  await visitWith([]);
  await openDraft(HOUSEHOLD, "household_visit");
  lost.add("1");
  lost.add((await openDraft(HOUSEHOLD, "household_visit")).id);
  expect(await listDrafts()).toHaveLength(1);
  expect(await unsentWork()).toEqual({ ops: 1, photos: 0, drafts: 1 });
  at.install.server_key = await serverKey();
  expect(await exportWork()).toMatchObject([{ ops: 1 }]);
  const result = await sync();
  expect(result).toMatchObject({ outcome: "done", pushed: { accepted: 1 } });
  expect((await listOutbox()).map(({ seq, state }) => [seq, state])).toEqual([[2, "accepted"]]);
});

test("one whose bytes have changed costs itself alone: the others go, and a courier file is made", async () => {
  const [bad] = await visitWith(["a.jpg"]);
  await visitWith(["b.jpg"]);
  const bytes = (await at.db.photos.get(bad as string))?.bytes as Uint8Array<ArrayBuffer>;
  await at.db.photos.update(bad as string, { bytes: bytes.map((byte, n) => (n === 20 ? byte ^ 1 : byte)) });
  at.install.server_key = await serverKey();
  expect(await exportWork()).toMatchObject([{ ops: 2, photos: 1 }]);
  expect((await unsentWork()).photos, "by staying nothing is won").toBe(1);
  const sent: string[] = [];
  const result = await sync({ sendFile: async ({ name }) => { sent.push(name); } });
  expect(sent).toEqual(["b.jpg"]);
  expect(result.problems.map(({ problem }) => problem.code)).toEqual(["photo.cleared"]);
  expect((await listOutbox()).map(({ photos }) => photos.sent)).toEqual([1, 0]);
});

const serverKey = async (): Promise<JsonWebKey> => {
  const pair = await crypto.subtle.generateKey({ name: "RSA-OAEP", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["encrypt", "decrypt"]);
  return crypto.subtle.exportKey("jwk", pair.publicKey);
};
