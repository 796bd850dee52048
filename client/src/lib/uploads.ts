/** Sends photos by tus 1.0, in chunks, going on where the last try ended. The record itself was sent before. */
import type { HttpResponse } from "tus-js-client";
import { problemIn } from "./api";
import { openFacts, openPhoto } from "./photos";
import { readPhoto } from "./photo-rows";
import { Problem } from "./problem";
import type { Session } from "./session";

const ENDPOINT = "/api/v1/uploads";
/**
 * A chunk is what the line carries in six seconds, within these bounds (bytes). Our server keeps what came of a cut one
 * and closes each connection after it: a browser sends a request again by itself, from its beginning, when a connection
 * that was used before is cut under it. Behind a proxy that buffers, a cut costs the chunk.
 */
const SMALLEST = 16 * 1024;
const LARGEST = 256 * 1024;
const CHUNK_MS = 6000;
/** No byte goes and no answer comes for so long: the line is dead, though nothing may ever say so. */
export const SILENT_MS = 120_000;
/** Tries after a cut (ms before each), counted anew whenever bytes arrived; then the round ends and waits. */
const AGAIN = [300, 1000, 3000];

/** The size of the next chunk, after one of `size` bytes took `ms`. */
export const nextChunk = (size: number, ms: number): number =>
  Math.min(LARGEST, Math.max(SMALLEST, Math.floor((size * CHUNK_MS) / Math.max(ms, 1) / SMALLEST) * SMALLEST));

export interface UploadHooks {
  onUrl(url: string): Promise<void>;
  /** Bytes on their way; for the eye only. */
  onBytes?(offset: number): void;
  /** Bytes that the server has confirmed. */
  onOffset(offset: number): Promise<void>;
}
export interface UploadFile { blob: Blob; name: string; media_type: string; sha256: string; url: string; token: string | null }
export type SendFile = (file: UploadFile, hooks: UploadHooks) => Promise<void>;

/** One photo, from where the last try ended. That it has arrived is written down by whoever asked. */
export async function uploadPhoto(at: Session, id: string, send: SendFile, onBytes: (offset: number) => void): Promise<void> {
  const photo = await readPhoto(at.db, id);
  const blob = photo ? await openPhoto(at, photo) : undefined;
  if (!photo || !blob) throw new Problem("photo.cleared", { detail: photo?.name ?? id });
  const { media_type } = await openFacts(at, photo);
  const { db } = at;
  await send({ blob, name: photo.name, media_type, sha256: photo.sha256, url: photo.upload_url, token: at.account.token }, {
    onUrl: async (url) => void (await db.photos.update(photo.id, { upload_url: url })),
    onBytes,
    onOffset: async (offset) => void (await db.photos.update(photo.id, { offset })),
  });
}

/** The real sender. A stored address that the server has forgotten (404, 410) starts the file anew. */
export const sendByTus: SendFile = async (file, hooks) => {
  const { Upload, DetailedError } = await import("tus-js-client");
  let watch: ReturnType<typeof setTimeout> | undefined;
  await new Promise<void>((resolve, reject) => {
    let begun = performance.now();
    const heard = (): void => {
      clearTimeout(watch);
      watch = setTimeout(() => { void upload.abort(); reject(new Problem("network.timeout")); }, SILENT_MS);
    };
    const upload = new Upload(file.blob, {
      endpoint: ENDPOINT, uploadUrl: file.url || null, chunkSize: SMALLEST, retryDelays: AGAIN, storeFingerprintForResuming: false,
      headers: file.token ? { Authorization: `Bearer ${file.token}` } : {},
      metadata: { filename: file.name, filetype: file.media_type, sha256: file.sha256 },
      onUploadUrlAvailable: () => void hooks.onUrl(upload.url ?? ""),
      onProgress: (sent) => { heard(); hooks.onBytes?.(sent); },
      onChunkComplete: (size, accepted) => {
        heard();
        const now = performance.now();
        upload.options.chunkSize = nextChunk(size, now - begun);
        begun = now;
        void hooks.onOffset(accepted);
      },
      onSuccess: () => resolve(),
      onError: (cause) => reject(cause instanceof DetailedError ? problemOfUpload(cause.originalResponse) : cause),
    });
    heard();
    upload.start();
  }).finally(() => clearTimeout(watch));
};

function problemOfUpload(answer: HttpResponse | null): Problem {
  const status = answer?.getStatus() ?? 0;
  if (!answer || status === 0) return new Problem("network.unreachable");
  return problemIn(answer.getBody(), status, "upload", answer.getHeader("Retry-After") ?? null);
}
