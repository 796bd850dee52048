/** Rows of photos, read one by one, also those whose file the phone lost. */
import type { Collection } from "dexie";
import type { PhoneDatabase, PhotoRow } from "./database";
import { isLost } from "./whole-rows";

/** What is lost still counts as a photo, without its bytes: nobody may think that it was sent. */
export async function readPhoto(db: PhoneDatabase, id: string): Promise<PhotoRow | undefined> {
  try {
    return await db.photos.get(id);
  } catch (cause) {
    if (!isLost(cause)) throw cause;
    return lostPhoto(db, id);
  }
}

export async function readPhotos(db: PhoneDatabase, found: Collection<PhotoRow, string>): Promise<PhotoRow[]> {
  const rows: PhotoRow[] = [];
  for (const id of await found.primaryKeys()) {
    const row = await readPhoto(db, id);
    if (row) rows.push(row);
  }
  return rows;
}

/** What the indexes know of it. */
async function lostPhoto(db: PhoneDatabase, id: string): Promise<PhotoRow> {
  const [owner, sha256, state] = await Promise.all(["owner", "sha256", "state"].map((name) => indexed(db, name, id)));
  return { id, owner: owner ?? "", sha256: sha256 ?? "", state: state as PhotoRow["state"], name: "", size: 0, upload_url: "", offset: 0, tries: 0, facts: new Uint8Array(0), bytes: null };
}

async function indexed(db: PhoneDatabase, name: string, id: string): Promise<string> {
  let found = "";
  await db.photos.orderBy(name).eachKey((key, { primaryKey }) => { if (primaryKey === id) found = String(key); });
  return found;
}
