/** Where the answers and files of an open form go: to the sealed store, or, of a form that is only tried, nowhere but memory. */
import { saveDraft, submitDraft } from "@lib/drafts";
import { addPhoto, getPhoto, listPhotos, removePhoto } from "@lib/photos";
import type { CaptureRecord, DraftExtra, FinishedVisit } from "@lib/types";

export interface Keeper {
  /** Tried only: nothing is stored or sent. */
  preview: boolean;
  fileNames(): Promise<string[]>;
  save(instanceXml: string, extra: DraftExtra): Promise<void>;
  addFile(name: string, slot: string | null, bytes: Blob, record: CaptureRecord): Promise<void>;
  file(name: string): Promise<Blob | undefined>;
  removeFile(name: string): Promise<void>;
  /** Gives the id of the queued op; "" where nothing is sent. */
  submit(done: FinishedVisit): Promise<string>;
}

export const storeKeeper = (draftId: string): Keeper => ({
  preview: false,
  fileNames: async () => (await listPhotos(draftId)).map((photo) => photo.name),
  save: (instanceXml, extra) => saveDraft(draftId, instanceXml, extra),
  addFile: async (name, slot, bytes, record) => { await addPhoto(draftId, name, slot, bytes, record); },
  file: (name) => getPhoto(draftId, name),
  removeFile: (name) => removePhoto(draftId, name),
  submit: (done) => submitDraft(draftId, done),
});

export function memoryKeeper(): Keeper {
  const files = new Map<string, Blob>();
  return {
    preview: true,
    fileNames: async () => [...files.keys()],
    save: async () => undefined,
    addFile: async (name, _slot, bytes) => { files.set(name, bytes); },
    file: async (name) => files.get(name),
    removeFile: async (name) => { files.delete(name); },
    submit: async () => "",
  };
}
