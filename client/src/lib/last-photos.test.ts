// @vitest-environment node
/** The last photos come after the records, a little at a time, sealed; they go with their household, and one's own count first. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { closePhone, finished, HOUSEHOLD, instanceXml, openPhone, OTHER, VILLAGE, XFORM } from "../../tests/phone";
import { brokenLine, type FakeServer } from "../../tests/fake-server";
import { bytesOf, fromUtf8, toBase64, utf8 } from "./bytes";
import { captureRecord } from "./capture";
import { openDraft, submitDraft } from "./drafts";
import { fetchLastPhotos, lastPicture, lastPictures } from "./last-photos";
import { addPhoto } from "./photos";
import type { Session } from "./session";
import { sync } from "./sync";

const DAY_MS = 24 * 3600_000;
let at: Session;
let server: FakeServer;

const photo = (id: string, text: string, slot = "house_front", day = "2026-06-02"): { slot: string; attachment_id: string; taken_at: string; jpeg: string } =>
  ({ slot, attachment_id: id, taken_at: `${day}T08:00:00Z`, jpeg: toBase64(utf8(text)) });
const asked = (): string[][] => server.requests.filter(({ path }) => path === "/photos/last").map(({ body }) => (body["households"] as { id: string }[]).map(({ id }) => id));
const shown = async (household = HOUSEHOLD): Promise<string[]> => Promise.all((await lastPictures(household)).map(async ({ slot, bytes }) => `${slot}:${fromUtf8(await bytesOf(bytes))}`));

beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.addHousehold(VILLAGE, HOUSEHOLD, 1, { head_name: "王大山" });
  server.publish("household_visit", "1", XFORM);
  await sync();
});
afterEach(() => closePhone(at));

const kept = () => at.db.cache.where("key").startsWith("last-photos:").count();

test("each household is asked for once, again when its record has changed, and once a day; what is here is not sent twice", async () => {
  server.lastPhotos.set(HOUSEHOLD, [photo("a", "June"), photo("b", "tap", "water_source")]);
  expect(await fetchLastPhotos(at)).toBe(2);
  expect(await shown()).toEqual(["house_front:June", "water_source:tap"]);
  expect(await fetchLastPhotos(at)).toBe(0);
  expect(asked()).toEqual([[HOUSEHOLD]]);
  server.lastPhotos.set(HOUSEHOLD, [photo("c", "July", "house_front", "2026-07-02"), photo("b", "tap", "water_source")]);
  server.addHousehold(VILLAGE, HOUSEHOLD, 2, { head_name: "王大山" });
  await sync();
  expect(await fetchLastPhotos(at)).toBe(1);
  expect(await shown()).toEqual(["house_front:July", "water_source:tap"]);
  expect(await fetchLastPhotos(at, Date.now() + 2 * DAY_MS)).toBe(0);
  expect(asked()).toHaveLength(3);
});

test("an answer that holds only a part is gone on with, and a line that breaks keeps what came before it", async () => {
  server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
  await sync();
  server.pictureLimit = 1;
  for (const id of [HOUSEHOLD, OTHER]) server.lastPhotos.set(id, [photo(id, id)]);
  server.before = (path, count) => { if (path === "/photos/last" && count === 2) brokenLine(); };
  await expect(fetchLastPhotos(at)).rejects.toThrow();
  expect(await shown(HOUSEHOLD)).toEqual([`house_front:${HOUSEHOLD}`]);
  expect(await fetchLastPhotos(at)).toBe(1);
  expect(await shown(OTHER)).toEqual([`house_front:${OTHER}`]);
});

test("they are sealed, go with their household, and do not come back when it left while they were on the way", async () => {
  server.lastPhotos.set(HOUSEHOLD, [photo("a", "June")]);
  await fetchLastPhotos(at);
  const [row] = await at.db.cache.toArray();
  expect(JSON.stringify(row)).not.toContain(toBase64(utf8("June")));
  server.add(VILLAGE, { type: "eviction", dataset: "household", id: HOUSEHOLD });
  await sync();
  expect(await kept()).toBe(0);
  expect(await lastPictures(HOUSEHOLD)).toEqual([]);
  server.lastPhotos.set(OTHER, [photo("b", "June")]);
  server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰" });
  await sync();
  server.after = (path) => { if (path === "/photos/last") void at.db.records.clear(); };
  await fetchLastPhotos(at);
  expect(asked().at(-1)).toEqual([OTHER]);
  expect(await kept()).toBe(0);
});

test("the photo of an own visit counts from the moment of saving, before anything is sent", async () => {
  server.lastPhotos.set(HOUSEHOLD, [photo("a", "June")]);
  await fetchLastPhotos(at);
  const draft = await openDraft(HOUSEHOLD, "household_visit");
  const bytes = new Blob(["today"], { type: "image/jpeg" });
  const record = await captureRecord({ bytes, source: "live", visitId: draft.id, householdId: HOUSEHOLD, slot: "house_front" }, null);
  await addPhoto(draft.id, "front.jpg", "house_front", bytes, record);
  await addPhoto(draft.id, "dropped.jpg", "house_back", bytes, record);
  await submitDraft(draft.id, finished(instanceXml({ head: "王大山", photo: "front.jpg" })));
  expect(await shown()).toEqual(["house_front:today"]);
  expect((await lastPictures(HOUSEHOLD))[0]?.who).toBeNull();
  expect(await lastPicture(HOUSEHOLD, "house_front")).toMatchObject({ slot: "house_front", who: null });
  expect(await lastPicture(HOUSEHOLD, "house_back")).toBeNull();
});
