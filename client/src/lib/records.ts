/** Reading the store: records as their author sees them, that is the server's row under the own open writes. */
import { openOwn, ownRow } from "./bases";
import type { RecordRow } from "./database";
import { recordKey } from "./core/ops";
import { session, type Session } from "./session";
import type { AssignmentEntry, ConflictEntry, EntityEntry, FindingEntry, FormEntry, KeptEntry, QuestionEntry, ReviewEntry, SeenRow } from "./types";
import { open } from "./vault";

/** A record for a page. `own`: it carries work that the server has not shown back yet. */
export interface RecordView extends SeenRow { own: boolean; contested: string[]; region: string; archived: boolean; entry: EntityEntry | null }

const openRow = <T extends KeptEntry>(at: Session, row: RecordRow): Promise<T> => open<T>(at.key, `records:${row.key}`, row.sealed);

async function openAll<T extends KeptEntry>(at: Session, rows: RecordRow[]): Promise<T[]> {
  const found: T[] = [];
  // In slices, so that a slow phone can draw in between.
  for (let start = 0; start < rows.length; start += 200) found.push(...(await Promise.all(rows.slice(start, start + 200).map((row) => openRow<T>(at, row)))));
  return found;
}

export const seenOf = (entry: EntityEntry): SeenRow => ({
  dataset: entry.dataset, id: entry.id, label: entry.label, base_version: entry.version, branch_id: "", parent: entry.parent ?? null,
  data: entry.data ?? {}, updated_at: entry.updated_at ?? null, updated_by: entry.updated_by ?? null,
});

function viewOf(entry: EntityEntry | null, own: SeenRow | undefined): RecordView {
  const row = own ?? (entry ? seenOf(entry) : undefined);
  if (!row) throw new Error("A view needs a row");
  const seen = entry ? { updated_at: entry.updated_at ?? null, updated_by: entry.updated_by ?? null } : {};
  return { ...row, ...seen, own: own !== undefined, contested: entry?.contested ?? [], region: entry?.region ?? String(row.data["region"] ?? ""), archived: entry?.state === "archived", entry };
}

export async function getRecord(dataset: string, id: string): Promise<RecordView | undefined> {
  const at = session();
  const key = recordKey(dataset, id);
  const row = await at.db.records.get(key);
  const own = await ownRow(at, key);
  if (!row && !own) return undefined;
  return viewOf(row ? await openRow<EntityEntry>(at, row) : null, own);
}

/** All active records of a dataset, own new ones too. */
export async function listRecords(dataset: string): Promise<RecordView[]> {
  const at = session();
  const rows = await at.db.records.where("kind").equals(`entity:${dataset}`).toArray();
  return withOwn(await openAll<EntityEntry>(at, rows), await ownOf(at, (key) => key.startsWith(`entity:${dataset}:`)));
}

/** The records that belong to one household. */
export async function childrenOf(householdId: string, dataset: string): Promise<RecordView[]> {
  const at = session();
  const parent = householdId.toLowerCase();
  const rows = await at.db.records.where("parent").equals(parent).and((row) => row.kind === `entity:${dataset}`).toArray();
  const own = await ownOf(at, (key, base) => key.startsWith(`entity:${dataset}:`) && base === parent);
  return withOwn(await openAll<EntityEntry>(at, rows), own);
}

async function ownOf(at: Session, wanted: (key: string, parent: string) => boolean): Promise<Map<string, SeenRow>> {
  const bases = (await at.db.bases.toArray()).filter((base) => wanted(base.key, base.parent));
  return new Map(await Promise.all(bases.map(async (base) => [base.key, await openOwn(at, base)] as const)));
}

function withOwn(entries: EntityEntry[], own: Map<string, SeenRow>): RecordView[] {
  const views = entries.map((entry) => {
    const key = recordKey(entry.dataset, entry.id);
    const view = viewOf(entry, own.get(key));
    own.delete(key);
    return view;
  });
  return [...views, ...[...own.values()].map((row) => viewOf(null, row))].filter((view) => !view.archived);
}

async function listKind<T extends KeptEntry>(kind: string): Promise<T[]> {
  const at = session();
  return openAll<T>(at, await at.db.records.where("kind").equals(kind).toArray());
}

export const listAssignments = (): Promise<AssignmentEntry[]> => listKind("assignment");
export const listReviews = (): Promise<ReviewEntry[]> => listKind("review");
export const listQuestions = (): Promise<QuestionEntry[]> => listKind("question");
export const listFindings = (): Promise<FindingEntry[]> => listKind("finding");
export const listConflicts = (): Promise<ConflictEntry[]> => listKind("conflict");
export const listFormEntries = (): Promise<FormEntry[]> => listKind("form");
