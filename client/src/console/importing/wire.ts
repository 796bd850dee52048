/** Registers on their way into the records; names follow the wire contract. */
import { read, send } from "../api";

export interface Sheet { name: string; columns: string[] }
export type Counts = Record<string, Record<string, number>>;
export interface Import {
  import_id: string; state: "waiting" | "reading" | "previewed" | "applying" | "applied" | "failed" | "expired"; source: string; filename: string;
  counts: Counts; applied: Counts; households: number; reached: number; refused_rows: number; vanished: number; problems: RowProblem[]; error: string | null; asked_at: string;
}
/** One kind of mistake, with the first rows that have it. */
export interface RowProblem { sheet?: string; column?: string; rows?: number[]; count?: number; example?: string; why: string; fix: string }
export const COUNTED = ["new", "changed", "unchanged", "conflicting", "refused"] as const;
const PAUSE_MS = 1500;

function formOf(parts: Record<string, Blob | string | null>): FormData {
  const form = new FormData();
  for (const [name, part] of Object.entries(parts)) if (part !== null && part !== "") form.append(name, part);
  return form;
}
export const readColumns = (file: File, headerRow: number): Promise<{ sheets: Sheet[] }> => send("/imports/register/columns", formOf({ file, header_row: String(headerRow) }));
export const askImport = (file: File, members: File | null, mapping: Blob | string, region: string | null): Promise<Import> => send("/imports/register", formOf({ file, members, mapping, region }));
export const readImport = (id: string): Promise<Import> => read(`/imports/register/${encodeURIComponent(id)}`);
export const applyImport = (id: string): Promise<Import> => send(`/imports/register/${encodeURIComponent(id)}/apply`, {});
export const listImports = (): Promise<{ items: Import[] }> => read("/imports/register");
export const fileAddress = (id: string, which: "refused" | "vanished"): string => `/api/v1/imports/register/${encodeURIComponent(id)}/${which}.csv`;

const isMoving = (one: Import): boolean => one.state === "waiting" || one.state === "reading" || one.state === "applying";
/** Looks again until nothing more moves; `go` false stops. */
export async function follow(first: Import, show: (now: Import) => void, go: () => boolean): Promise<void> {
  let now = first;
  show(now);
  while (isMoving(now) && go()) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    now = await readImport(now.import_id);
    show(now);
  }
}
