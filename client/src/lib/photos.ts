/** Photos of drafts and of waiting visits: bytes and capture record are sealed and stored together. */
import type { CaptureRecord, PhotoRef } from "./types";

/** `name` is the file name in the instance; the same name again replaces the photo. Bytes are kept exactly. */
export async function addPhoto(_draftId: string, _name: string, _slot: string | null, _bytes: Blob | Uint8Array, _capture: CaptureRecord): Promise<PhotoRef> {
  throw new Error("being written");
}
export async function getPhoto(_draftId: string, _name: string): Promise<Blob | undefined> {
  throw new Error("being written");
}
export async function listPhotos(_draftId: string): Promise<PhotoRef[]> {
  throw new Error("being written");
}
export async function removePhoto(_draftId: string, _name: string): Promise<void> {
  throw new Error("being written");
}
