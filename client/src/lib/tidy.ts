/** Frees room: photos of visits that were accepted long ago. Nothing that is unsent or asked about is ever touched. */
import { storageState } from "./device";
import type { OpRow, PhotoRow } from "./database";
import { readPhotos } from "./photo-rows";
import type { Session } from "./session";

const DAY_MS = 86_400_000;
const KEEP_DAYS = 30;
const KEEP_DAYS_WHEN_FULL = 3;
/** Share of the browser's quota above which accepted photos go earlier. */
const FULL = 0.8;

export const isOld = (op: Pick<OpRow, "state" | "answered_at">, photos: Pick<PhotoRow, "state">[], now: number, days: number): boolean =>
  op.state === "settled" && photos.every((photo) => photo.state === "sent") && op.answered_at !== "" && now - Date.parse(op.answered_at) > days * DAY_MS;

export async function tidy(at: Session, now: number = Date.now()): Promise<number> {
  const { usage, quota } = await storageState();
  const days = usage !== null && quota ? (usage / quota > FULL ? KEEP_DAYS_WHEN_FULL : KEEP_DAYS) : KEEP_DAYS;
  let cleared = 0;
  for (const op of await at.db.ops.where("state").equals("settled").toArray()) {
    const photos = await readPhotos(at.db, at.db.photos.where("owner").equals(op.op_id));
    if (!isOld(op, photos, now, days)) continue;
    for (const { id, bytes } of photos) if (bytes) cleared += await at.db.photos.update(id, { bytes: null });
  }
  return cleared;
}
