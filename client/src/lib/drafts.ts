/** Drafts: unfinished forms, kept sealed with the list rows they were opened with. */
import type { Draft, DraftExtra, DraftForm, FinishedVisit } from "./types";

/** Starts a draft of the newest published version of `formId`; takes the snapshot of the household and its members. */
export async function openDraft(_householdId: string | null, _formId: string): Promise<Draft> {
  throw new Error("being written");
}
/** Undefined when there is none (already submitted or deleted). */
export async function getDraft(_id: string): Promise<Draft | undefined> {
  throw new Error("being written");
}
export async function listDrafts(): Promise<Draft[]> {
  throw new Error("being written");
}
/** The form of a draft and its files; `file("household.csv")` answers from the draft's snapshot. */
export async function formOfDraft(_draft: Draft): Promise<DraftForm> {
  throw new Error("being written");
}
/** Keeps the answers; call it after every answer (it is cheap and ordered). `extra` is merged into what was kept. */
export async function saveDraft(_id: string, _instanceXml: string, _extra: DraftExtra = {}): Promise<void> {
  throw new Error("being written");
}
export async function deleteDraft(_id: string): Promise<void> {
  throw new Error("being written");
}
/** Queues the op and its photos and removes the draft, in one transaction. Gives the op's id. */
export async function submitDraft(_id: string, _done: FinishedVisit): Promise<string> {
  throw new Error("being written");
}
