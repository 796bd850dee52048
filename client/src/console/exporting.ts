/** Exports of answers, maps and photos: asked for, written by the server in its own time, fetched when ready. */
import { read, send } from "./api";
import type { Page } from "./wire";

export interface Export { id: string; state: "waiting" | "running" | "ready" | "failed" | "gone"; filename: string; rows: number | null; size: number | null; asked_at: string }
/** What is to be written: over which area and days, and what its kind needs. */
export type Asked = { region: string | null; from: string | null; to: string | null } & (
  | { kind: "answers"; form_id: string; format: string; words: string }
  | { kind: "map"; format: string }
  | { kind: "photos"; reason: string }
  | { kind: "inspection"; inspection: string; format: string }
);

const PAUSE_MS = 1500;
const PATIENCE_MS = 10 * 60_000;

export const exportAddress = (id: string): string => `/api/v1/exports/${encodeURIComponent(id)}/file`;
export const askExport = (asked: Asked): Promise<Export> => send<Export>("/exports", asked);
export const readExports = (): Promise<Page<Export>> => read<Page<Export>>("/exports");

/** Looks again until the file is there or nothing more is to come of it; `go` false stops. */
export async function awaitExport(first: Export, show: (now: Export) => void, go: () => boolean): Promise<Export> {
  const until = Date.now() + PATIENCE_MS;
  let now = first;
  while ((now.state === "waiting" || now.state === "running") && Date.now() < until && go()) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    now = await read<Export>(`/exports/${encodeURIComponent(first.id)}`);
    show(now);
  }
  return now;
}
