/** Sends photos by tus 1.0, in chunks, going on where the last try ended. The record itself was sent before. */
import type { PhotoRow } from "./database";
import { openFacts, openPhoto } from "./photos";
import { Problem } from "./problem";
import { postJson } from "./api";
import type { Session } from "./session";

const ENDPOINT = "/api/v1/uploads";
/** A server behind a buffering proxy keeps only whole chunks, so a chunk is what a broken line can cost. */
const CHUNK = 256 * 1024;

export interface UploadHooks {
  onUrl(url: string): Promise<void>;
  /** Bytes on their way; for the eye only. */
  onBytes?(offset: number): void;
  /** Bytes that the server has confirmed. */
  onOffset(offset: number): Promise<void>;
}
export interface UploadFile { blob: Blob; name: string; media_type: string; sha256: string; url: string; token: string | null }
export type SendFile = (file: UploadFile, hooks: UploadHooks) => Promise<void>;

export interface UploadCount { sent: number; bytes: number; known: number; left: number }
export type UploadProgress = (done: number, total: number, bytes: number, bytesTotal: number) => void;

/** Photos of visits that the server has answered for; those of unsent visits wait for their visit. */
export async function photosToSend(at: Session): Promise<PhotoRow[]> {
  const answered = new Set((await at.db.ops.where("state").notEqual("queued").toArray()).map((op) => op.op_id));
  const waiting = await at.db.photos.where("state").equals("pending").toArray();
  return waiting.filter((photo) => answered.has(photo.owner)).sort((a, b) => a.size - a.offset - (b.size - b.offset));
}

/** One photo's failure does not hold up the others, but a broken line ends the round. */
export async function uploadPhotos(at: Session, send: SendFile, progress: UploadProgress): Promise<UploadCount> {
  const known = await skipKnown(at, await photosToSend(at));
  const waiting = await photosToSend(at);
  const total = waiting.reduce((sum, photo) => sum + photo.size, 0);
  const count: UploadCount = { sent: 0, bytes: 0, known, left: waiting.length };
  let lastFailure: Problem | null = null;
  if (waiting.length > 0) progress(0, waiting.length, 0, total);
  for (const photo of waiting) {
    try {
      await uploadOne(at, photo, send, (offset) => progress(count.sent, waiting.length, count.bytes + offset, total));
    } catch (cause) {
      if (!(cause instanceof Problem) || cause.code.startsWith("network.") || cause.status === 401) throw cause;
      lastFailure = cause;
      continue;
    }
    count.sent += 1;
    count.left -= 1;
    count.bytes += photo.size;
    progress(count.sent, waiting.length, count.bytes, total);
  }
  if (lastFailure) throw lastFailure;
  return count;
}

/** What the server already has from this person needs no second sending. Gives how many. */
async function skipKnown(at: Session, photos: PhotoRow[]): Promise<number> {
  if (photos.length === 0) return 0;
  const hashes = [...new Set(photos.map((photo) => photo.sha256))];
  const { have } = await postJson<{ have: string[] }>("/blobs/have", { sha256: hashes }, { token: at.account.token });
  const ids = photos.filter((photo) => have.includes(photo.sha256)).map((photo) => photo.id);
  await at.db.photos.where("id").anyOf(ids).modify((photo: PhotoRow) => { photo.state = "sent"; photo.offset = photo.size; });
  return ids.length;
}

async function uploadOne(at: Session, photo: PhotoRow, send: SendFile, onBytes: (offset: number) => void): Promise<void> {
  const blob = await openPhoto(at, photo);
  if (!blob) throw new Problem("photo.cleared", { detail: photo.name });
  const { media_type } = await openFacts(at, photo);
  const { db } = at;
  await db.photos.update(photo.id, { tries: photo.tries + 1 });
  await send({ blob, name: photo.name, media_type, sha256: photo.sha256, url: photo.upload_url, token: at.account.token }, {
    onUrl: async (url) => void (await db.photos.update(photo.id, { upload_url: url })),
    onBytes,
    onOffset: async (offset) => void (await db.photos.update(photo.id, { offset })),
  });
  await db.photos.update(photo.id, { state: "sent", offset: photo.size, upload_url: "" });
}

/** The real sender. A stored address that the server has forgotten (404, 410) starts the file anew. */
export const sendByTus: SendFile = async (file, hooks) => {
  const { Upload, DetailedError } = await import("tus-js-client");
  await new Promise<void>((resolve, reject) => {
    const upload = new Upload(file.blob, {
      endpoint: ENDPOINT, uploadUrl: file.url || null, chunkSize: CHUNK, retryDelays: null, storeFingerprintForResuming: false,
      headers: file.token ? { Authorization: `Bearer ${file.token}` } : {},
      metadata: { filename: file.name, filetype: file.media_type, sha256: file.sha256 },
      onUploadUrlAvailable: () => void hooks.onUrl(upload.url ?? ""),
      onProgress: (sent) => hooks.onBytes?.(sent),
      onChunkComplete: (_chunk, accepted) => void hooks.onOffset(accepted),
      onSuccess: () => resolve(),
      onError: (cause) => reject(cause instanceof DetailedError ? problemOfUpload(cause.originalResponse?.getStatus() ?? 0, cause.originalResponse?.getBody() ?? "") : cause),
    });
    upload.start();
  });
};

function problemOfUpload(status: number, body: string): Problem {
  if (status === 0) return new Problem("network.unreachable");
  const code = /"code"\s*:\s*"([^"]+)"/.exec(body)?.[1] ?? `upload.${status}`;
  return new Problem(code, { status, detail: body.slice(0, 200) });
}
