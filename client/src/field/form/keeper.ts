/** Where the answers and files of an open form go: to the sealed store, or, of a form that is only tried, nowhere but memory. */
import { saveDraft, submitDraft } from "@lib/drafts";
import { lastPicture } from "@lib/last-photos";
import type { LastPicture } from "@lib/last-photos";
import { addPhoto, captureOf, getPhoto, listPhotos, removePhoto } from "@lib/photos";
import type { CaptureRecord, DraftExtra, FinishedVisit } from "@lib/types";

export interface Keeper {
  /** Tried only: nothing is stored or sent. */
  preview: boolean;
  fileNames(): Promise<string[]>;
  save(instanceXml: string, extra: DraftExtra): Promise<void>;
  addFile(name: string, slot: string | null, bytes: Blob, record: CaptureRecord): Promise<void>;
  file(name: string): Promise<Blob | undefined>;
  /** How a kept file was taken. */
  record(name: string): Promise<CaptureRecord | undefined>;
  removeFile(name: string): Promise<void>;
  /** What was taken of the same spot of this household before; null where there is nothing. */
  last(householdId: string | null, slot: string | null): Promise<LastPicture | null>;
  /** Gives the id of the queued op; "" where nothing is sent. */
  submit(done: FinishedVisit): Promise<string>;
}

export const storeKeeper = (draftId: string): Keeper => ({
  preview: false,
  fileNames: async () => (await listPhotos(draftId)).map((photo) => photo.name),
  save: (instanceXml, extra) => saveDraft(draftId, instanceXml, extra),
  addFile: async (name, slot, bytes, record) => { await addPhoto(draftId, name, slot, bytes, record); },
  file: (name) => getPhoto(draftId, name),
  record: (name) => captureOf(draftId, name),
  removeFile: (name) => removePhoto(draftId, name),
  last: async (householdId, slot) => (householdId && slot ? lastPicture(householdId, slot) : null),
  submit: (done) => submitDraft(draftId, done),
});

export function memoryKeeper(): Keeper {
  const files = new Map<string, { bytes: Blob; record: CaptureRecord }>();
  return {
    preview: true,
    fileNames: async () => [...files.keys()],
    save: async () => undefined,
    addFile: async (name, _slot, bytes, record) => { files.set(name, { bytes, record }); },
    file: async (name) => files.get(name)?.bytes,
    record: async (name) => files.get(name)?.record,
    last: async () => null,
    removeFile: async (name) => { files.delete(name); },
    submit: async () => "",
  };
}
