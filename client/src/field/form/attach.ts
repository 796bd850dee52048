/** Files of an answer: bytes and capture record go to the sealed store, the engine holds the name alone. */
import type { UploadNode } from "@getodk/xforms-engine";
import { captureRecord } from "@lib/capture";
import type { FixWatch } from "@lib/capture";
import type { CaptureRecord, CaptureSource } from "@lib/types";
import { setAnswer } from "./answers";
import { newFileName } from "./files";
import { slotOf } from "./record";
import type { FormSession } from "./session";

export interface Taken {
  bytes: Blob;
  source: CaptureSource;
  /** Milliseconds since 1970, of a chosen file. */
  lastModified?: number | null;
  width?: number | null;
  height?: number | null;
}

/** Called when the shutter is pressed, so that place and time are those of the shot and not of "use this one". */
export function recordOfShot(session: FormSession, question: UploadNode, taken: Taken, watch: FixWatch | null): Promise<CaptureRecord> {
  const { draft } = session;
  return captureRecord({ ...taken, visitId: draft.id, householdId: draft.household_id, slot: slotOf(question) }, watch);
}

/** Stores first, names after, forgets the replaced file last: a killed tab loses nothing at any of these moments. */
export async function keepFile(session: FormSession, question: UploadNode, taken: Taken, record: CaptureRecord): Promise<void> {
  const replaced = question.currentState.instanceValue;
  const name = newFileName(question, taken.bytes.type);
  await session.keeper.addFile(name, slotOf(question), taken.bytes, record);
  session.change(() => setAnswer(question, name));
  await session.autosave.flush();
  if (replaced !== "") await session.keeper.removeFile(replaced);
}

export async function dropFile(session: FormSession, question: UploadNode): Promise<void> {
  const name = question.currentState.instanceValue;
  session.change(() => setAnswer(question, ""));
  await session.autosave.flush();
  await session.keeper.removeFile(name);
}
