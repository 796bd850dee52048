/** PURE: handing over photos. Those of unsent visits wait for their visit; one photo's failure does not hold up the others. */
import { note, type Context, type Happening, type Round } from "./round";
import type { Change, PhotoMeta, Store } from "./state";

const HASHES_AT_ONCE = 500;

/** Refusals that another try may get over: conflict of two senders, too many, a checksum broken on the way. */
const PASSING = [408, 409, 423, 429, 460];

/** The server, or what stands before it, takes no photo at all just now: another one would be refused as well. */
const BUSY = [429, 502, 503, 504, 507];

/** So often a photo is tried before those that were tried less: one that never gets through holds up no other. */
const TRIES = 5;
const turnsOf = ({ tries }: PhotoMeta): number => Math.floor(tries / TRIES);

/** Photos whose op the server has answered for, nearly finished ones first. */
export function photosToSend(store: Store): PhotoMeta[] {
  const answered = new Set(store.ops.filter((op) => op.state !== "queued").map((op) => op.op_id));
  return store.photos.filter((photo) => photo.state === "pending" && photo.kept && answered.has(photo.owner))
    .sort((a, b) => turnsOf(a) - turnsOf(b) || a.size - a.offset - (b.size - b.offset) || (a.id < b.id ? -1 : 1));
}

export type PhotoChoice = { have: string[] } | { upload: PhotoMeta; changes: Change[] } | null;

/** Those that the worker asked for before the others; none beside them where the others wait for a better line. */
function inTurn(photos: PhotoMeta[], { first }: Context, restWaits: boolean): PhotoMeta[] {
  const isFirst = ({ id, owner }: PhotoMeta): boolean => id === first || owner === first;
  return [...photos.filter(isFirst), ...(restWaits ? [] : photos.filter((photo) => !isFirst(photo)))];
}

/** First asks what the server has already, then sends one after the other. */
export function choosePhoto(store: Store, round: Round, context: Context, restWaits: boolean): PhotoChoice {
  const open = photosToSend(store);
  const waiting = inTurn(open.filter((photo) => !round.refused.includes(photo.id)), context, restWaits);
  const hashes = [...new Set(waiting.map((photo) => photo.sha256))].filter((hash) => hash > round.haveUpTo).sort().slice(0, HASHES_AT_ONCE);
  if (hashes.length > 0) return { have: hashes };
  round.photos.left = open.length;
  const [photo] = waiting;
  if (!photo) return null;
  if (round.total.photos === 0) round.total = { ...round.total, photos: waiting.length, photoBytes: waiting.reduce((sum, one) => sum + one.size, 0) };
  return { upload: photo, changes: [{ do: "photo", id: photo.id, set: { tries: photo.tries + 1 } }] };
}

/** A server that does not say what it has gets everything. */
export function takeHave(store: Store, round: Round, asked: string[], event: Happening): Change[] {
  round.haveUpTo = asked[asked.length - 1] ?? round.haveUpTo;
  if (event.type === "refused" && ![403, 404].includes(event.status)) {
    note(round, "photos", event);
    round.refused.push(...photosToSend(store).map((photo) => photo.id));
  }
  if (event.type !== "answered") return [];
  const have = (event.body as { have?: string[] } | null)?.have ?? [];
  const known = photosToSend(store).filter((photo) => asked.includes(photo.sha256) && have.includes(photo.sha256));
  round.photos.known += known.length;
  return known.map((photo): Change => ({ do: "photo", id: photo.id, set: { state: "sent", offset: photo.size } }));
}

/** A photo may break every line (a gateway cuts what it does not like): the rest of the round goes on without photos. */
export function takeUpload(store: Store, round: Round, id: string, event: Happening): Change[] {
  const photo = store.photos.find((one) => one.id === id);
  if (event.type === "failed" || (event.type === "refused" && BUSY.includes(event.status))) {
    note(round, "photos", event);
    round.refused.push(...photosToSend(store).map((one) => one.id));
    return [];
  }
  if (event.type === "refused") {
    note(round, "photos", event);
    round.refused.push(id);
    if (event.status >= 400 && event.status < 500 && !PASSING.includes(event.status)) round.hopeless.push(id);
  }
  if (event.type !== "answered" || !photo) return [];
  round.photos.sent += 1;
  round.photos.bytes += photo.size;
  return [{ do: "photo", id, set: { state: "sent", offset: photo.size } }];
}
