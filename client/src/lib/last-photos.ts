/** The last photo of each slot of the households on this phone: small copies to stand on the same spot with, sealed like
 * everything else. They come after the records, in their own time; no round with the server waits for them.
 */
import { postJson } from "./api";
import { fromBase64 } from "./bytes";
import { cacheKey, openCached, sealCached } from "./cache";
import { announce } from "./changes";
import { recordKey } from "./core/ops";
import type { CacheRow } from "./database";
import { openPhoto, photosOf } from "./photos";
import { session, type Session } from "./session";
import { ifFree } from "./turns";
import type { Person } from "./types";

/** One photo as the server tells it; `jpeg` in base64, absent for what the phone has. */
interface ToldPhoto { slot: string; attachment_id: string; taken_at: string; author: Person | null; jpeg?: string }
interface KeptPhoto extends ToldPhoto { jpeg: string }
interface Answer { items: { household_id: string; photos: ToldPhoto[] }[]; left: string[] }

/** `who`: null for one's own. */
export interface LastPicture { slot: string; taken_at: string; who: string | null; bytes: Blob }

const KIND = "entity:household";
const AT_ONCE = 20;
/** So many characters of pictures in one go; the rest comes after the next round. */
const MOST_AT_ONCE = 2_000_000;
/** Somebody's photo may come without a new version of the record, ms. */
const STALE_MS = 24 * 3600_000;

const rowKey = (household: string): string => cacheKey("last-photos", household.toLowerCase());

async function keptOf(at: Session, household: string): Promise<KeptPhoto[]> {
  const row = await at.db.cache.get(rowKey(household));
  return row ? openCached<KeptPhoto[]>(at, row) : [];
}

/** A worker who asks the browser to save data is not sent pictures. */
const savesData = (): boolean => typeof navigator !== "undefined" && (navigator as { connection?: { saveData?: boolean } }).connection?.saveData === true;

/** Fetches what is new of the households here. Gives how many pictures came; a lost line keeps what came before it. */
export async function fetchLastPhotos(at: Session, now = Date.now()): Promise<number> {
  const came = await ifFree(`last-photos:${at.install.install_id}`, () => fetchDue(at, now));
  return came ?? 0;
}

async function fetchDue(at: Session, now: number): Promise<number> {
  if (savesData()) return 0;
  const due = await dueHouseholds(at, now);
  let [came, size] = [0, 0];
  while (due.length > 0 && size < MOST_AT_ONCE) {
    const asked = due.splice(0, AT_ONCE);
    const got = await fetchSome(at, asked, now);
    due.unshift(...asked.filter(({ id }) => got.left.has(id)));
    if (got.left.size === asked.length) break;
    came += got.came;
    size += got.size;
  }
  if (came > 0) announce("records");
  return came;
}

/** `asked`: when last; "" never. */
interface Due { id: string; version: number; asked: string }

/** Those never asked for, changed since, or asked for long ago: in this order. */
async function dueHouseholds(at: Session, now: number): Promise<Due[]> {
  const known = new Map<string, Omit<CacheRow, "sealed">>();
  // One row after the other: the pictures of all households together are more than a phone holds.
  await at.db.cache.where("key").startsWith(rowKey("")).each(({ sealed: _sealed, ...row }) => { known.set(row.key, row); });
  const due: Due[] = [];
  for (const { key, version } of await at.db.records.where("kind").equals(KIND).toArray()) {
    const id = key.slice(recordKey("household", "").length);
    const row = known.get(rowKey(id));
    if (row && row.version === version && now - Date.parse(row.at) < STALE_MS) continue;
    due.push({ id, version, asked: row?.at ?? "" });
  }
  return due.sort((a, b) => (a.asked < b.asked ? -1 : 1));
}

async function fetchSome(at: Session, due: Due[], now: number): Promise<{ came: number; size: number; left: Set<string> }> {
  const asked = await Promise.all(due.map(async ({ id, version }) => ({ id, version, kept: await keptOf(at, id) })));
  const body = { households: asked.map(({ id, kept }) => ({ id, have: kept.map((photo) => photo.attachment_id) })) };
  const answer = await postJson<Answer>("/photos/last", body, { token: at.account.token, timeoutMs: 120_000 });
  const told = new Map(answer.items.map((item) => [item.household_id, item.photos]));
  for (const household of asked) {
    const photos = told.get(household.id);
    if (photos) await keep(at, household, photos, now);
  }
  const pictures = answer.items.flatMap((item) => item.photos).filter((photo) => photo.jpeg);
  return { came: pictures.length, size: pictures.reduce((sum, photo) => sum + (photo.jpeg?.length ?? 0), 0), left: new Set(answer.left) };
}

/** A household that left the phone meanwhile takes its photos along. */
async function keep(at: Session, { id, version, kept }: { id: string; version: number; kept: KeptPhoto[] }, told: ToldPhoto[], now: number): Promise<void> {
  const known = new Map(kept.map((photo) => [photo.attachment_id, photo.jpeg]));
  const photos = told.flatMap((photo) => { const jpeg = photo.jpeg ?? known.get(photo.attachment_id); return jpeg ? [{ ...photo, jpeg }] : []; });
  const row: CacheRow = { ...(await sealCached(at, rowKey(id), photos)), at: new Date(now).toISOString(), version };
  await at.db.transaction("rw", at.db.records, at.db.cache, async () => {
    if (await at.db.records.get(recordKey("household", id))) await at.db.cache.put(row);
  });
}

/** The newest picture of each slot of a household, newest first: what was taken here counts before it is sent. */
export const lastPictures = (householdId: string): Promise<LastPicture[]> => picturesOf(householdId, () => true);

/** That of one slot; null where nothing was taken of it. */
export const lastPicture = async (householdId: string, slot: string): Promise<LastPicture | null> => (await picturesOf(householdId, (one) => one === slot))[0] ?? null;

async function picturesOf(householdId: string, isWanted: (slot: string) => boolean): Promise<LastPicture[]> {
  const at = session();
  const kept = (await keptOf(at, householdId)).filter(({ slot }) => isWanted(slot));
  const fetched = kept.map(({ slot, taken_at, author, jpeg }) => ({ slot, taken_at, who: author?.display_name ?? "", bytes: new Blob([fromBase64(jpeg)], { type: "image/jpeg" }) }));
  return newestBySlot([...(await ownPictures(at, householdId, isWanted)), ...fetched]);
}

/** Of equal times the first stands: one's own before its small copy. */
export function newestBySlot<T extends { slot: string; taken_at: string }>(pictures: T[]): T[] {
  const newest = new Map<string, T>();
  for (const picture of pictures) {
    const known = newest.get(picture.slot);
    if (!known || Date.parse(picture.taken_at) > Date.parse(known.taken_at)) newest.set(picture.slot, picture);
  }
  return [...newest.values()].sort((a, b) => Date.parse(b.taken_at) - Date.parse(a.taken_at));
}

/** Of visits that were saved on this phone, as long as their bytes are here. */
async function ownPictures(at: Session, householdId: string, isWanted: (slot: string) => boolean): Promise<LastPicture[]> {
  const ops = await at.db.ops.filter((op) => op.household_id === householdId && op.state !== "stuck").toArray();
  const photos = (await Promise.all(ops.map((op) => photosOf(at, op.op_id)))).flat();
  const found = newestBySlot(photos.flatMap(({ row, facts }) => (facts.slot && row.bytes && isPlace(facts.slot) && isWanted(facts.slot) ? [{ row, slot: facts.slot, taken_at: new Date(facts.taken_at).toISOString() }] : [])));
  const opened = await Promise.all(found.map(async ({ row, slot, taken_at }) => ({ slot, taken_at, who: null, bytes: await openPhoto(at, row) })));
  return opened.filter((picture): picture is LastPicture & { who: null } => picture.bytes !== undefined);
}

/** Signatures and lists of people are no spot to stand on. */
const isPlace = (slot: string): boolean => !["signature", "attendance_sheet"].includes(slot);
