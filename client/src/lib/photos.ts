/** Photos of drafts and of waiting visits: bytes and capture record are sealed and stored together. */
import { bytesOf, sha256 } from "./bytes";
import type { PhotoRow } from "./database";
import { uuid4 } from "./ids";
import { readPhoto, readPhotos } from "./photo-rows";
import { session, type Session } from "./session";
import type { CaptureRecord, PhotoRef } from "./types";
import { isDamaged, open, openBytes, seal, sealBytes } from "./vault";

/** What is sealed about a photo beside its bytes. */
export interface PhotoFacts { slot: string | null; media_type: string; taken_at: number; capture: CaptureRecord }

/** `name` is the file name in the instance; the same name again replaces the photo. Bytes are kept exactly. */
export async function addPhoto(draftId: string, name: string, slot: string | null, bytes: Blob | Uint8Array, capture: CaptureRecord): Promise<PhotoRef> {
  const at = session();
  const plain = await bytesOf(bytes);
  const media_type = (bytes instanceof Blob ? bytes.type : "") || capture.media_type || "image/jpeg";
  const hash = await sha256(plain);
  const id = uuid4();
  const facts: PhotoFacts = { slot, media_type, taken_at: Date.now(), capture: { ...capture, photo_sha256: hash, bytes: plain.length } };
  const row: PhotoRow = {
    id, owner: draftId, name, sha256: hash, size: plain.length, state: "draft", upload_url: "", offset: 0, tries: 0,
    facts: await seal(at.key, `photos:${id}`, facts), bytes: await sealBytes(at.key, `photo-bytes:${id}`, plain),
  };
  await at.db.transaction("rw", at.db.photos, async () => {
    await at.db.photos.where("[owner+name]").equals([draftId, name]).delete();
    await at.db.photos.add(row);
  });
  return { name, slot, sha256: hash, size: plain.length, media_type };
}

const findPhoto = async ({ db }: Session, owner: string, name: string): Promise<PhotoRow | undefined> => (await readPhotos(db, db.photos.where("[owner+name]").equals([owner, name]))).find(isWhole);

/** Not lost with the file that the browser kept it in. */
const isWhole = ({ facts }: PhotoRow): boolean => facts.length > 0;

export const openFacts = (at: Session, row: PhotoRow): Promise<PhotoFacts> => open<PhotoFacts>(at.key, `photos:${row.id}`, row.facts);

/** Undefined when the bytes have been cleared (long after the visit was accepted), or are no longer those that were sealed. */
export async function openPhoto(at: Session, row: PhotoRow): Promise<Blob | undefined> {
  if (!row.bytes) return undefined;
  try {
    const facts = await openFacts(at, row);
    return new Blob([await openBytes(at.key, `photo-bytes:${row.id}`, row.bytes)], { type: facts.media_type });
  } catch (cause) {
    if (!isDamaged(cause)) throw cause;
    return undefined;
  }
}

export async function getPhoto(draftId: string, name: string): Promise<Blob | undefined> {
  const at = session();
  const row = await findPhoto(at, draftId, name);
  return row ? openPhoto(at, row) : undefined;
}

/** How a photo was taken. */
export async function captureOf(draftId: string, name: string): Promise<CaptureRecord | undefined> {
  const at = session();
  const row = await findPhoto(at, draftId, name);
  return row && (await openFacts(at, row)).capture;
}

/** How many photos each draft holds, and their bytes. One row at a time: rows carry the sealed picture. */
export async function draftPhotos(): Promise<Map<string, { n: number; size: number }>> {
  const found = new Map<string, { n: number; size: number }>();
  const { db } = session();
  for (const id of await db.photos.where("state").equals("draft").primaryKeys()) {
    const row = await readPhoto(db, id);
    if (!row || !isWhole(row)) continue;
    const before = found.get(row.owner) ?? { n: 0, size: 0 };
    found.set(row.owner, { n: before.n + 1, size: before.size + row.size });
  }
  return found;
}

/** In the order they were taken. */
export async function photosOf(at: Session, owner: string): Promise<{ row: PhotoRow; facts: PhotoFacts }[]> {
  const rows = (await readPhotos(at.db, at.db.photos.where("owner").equals(owner))).filter(isWhole);
  const all = await Promise.all(rows.map(async (row) => ({ row, facts: await openFacts(at, row) })));
  return all.sort((a, b) => a.facts.taken_at - b.facts.taken_at);
}

export async function listPhotos(draftId: string): Promise<PhotoRef[]> {
  const all = await photosOf(session(), draftId);
  return all.map(({ row, facts }) => ({ name: row.name, slot: facts.slot, sha256: row.sha256, size: row.size, media_type: facts.media_type }));
}

/** From its first byte; the server says what it has already, so nothing is doubled. Bytes that were cleared cannot go again. */
export async function sendPhotoAgain(id: string): Promise<void> {
  const { db } = session();
  const photo = await readPhoto(db, id);
  if (photo?.bytes && photo.state !== "draft") await db.photos.update(id, { state: "pending", upload_url: "", offset: 0, tries: 0 });
}

export async function removePhoto(draftId: string, name: string): Promise<void> {
  await session().db.photos.where("[owner+name]").equals([draftId, name]).delete();
}
