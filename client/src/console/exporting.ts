/** Exports of answers, maps and photos: asked for, written by the server in its own time, fetched when ready. */
import { onBeforeUnmount, type Ref, ref } from "vue";
import { read, send } from "./api";
import { problemWords } from "./problem-words";
import type { Page } from "./wire";

export interface Export { id: string; state: "waiting" | "running" | "ready" | "failed" | "gone"; filename: string; rows: number | null; size: number | null; written: number | null; asked_at: string }
/** What is to be written: over which area and days, and what its kind needs. */
export type Asked = { region: string | null; from: string | null; to: string | null } & (
  | { kind: "answers"; form_id: string; format: string; words: string }
  | { kind: "map"; format: string; layers?: string[]; bbox?: string; within?: string; timed?: string[] }
  | { kind: "photos"; reason: string }
  | { kind: "inspection"; inspection: string; format: string }
);

const PAUSE_MS = 1500;
const PATIENCE_MS = 10 * 60_000;

export const exportAddress = (id: string): string => `/api/v1/exports/${encodeURIComponent(id)}/file`;
const askExport = (asked: Asked): Promise<Export> => send<Export>("/exports", asked);
export const readExports = (): Promise<Page<Export>> => read<Page<Export>>("/exports");

export const isMoving = (one: Export): boolean => one.state === "waiting" || one.state === "running";
/** "1.2 MB", for a reader who wonders whether it is worth the line. */
export const bytes = (n: number): string => (n < 1_000_000 ? `${Math.max(1, Math.round(n / 1000))} kB` : `${(n / 1_000_000).toFixed(1)} MB`);

/** Looks again until the file is there or nothing more is to come of it; `go` false stops. */
async function awaitExport(first: Export, show: (now: Export) => void, go: () => boolean): Promise<Export> {
  const until = Date.now() + PATIENCE_MS;
  let now = first;
  while (isMoving(now) && Date.now() < until && go()) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    now = await read<Export>(`/exports/${encodeURIComponent(first.id)}`);
    show(now);
  }
  return now;
}

export interface Exporting { made: Ref<Export | null>; busy: Ref<boolean>; sentence: Ref<string>; run: () => Promise<void> }

/** One export as a panel asks for it and shows it, until the panel goes; `unmade` words why there is no file. */
export function useExport(wanted: () => Asked, unmade: (state: Export["state"]) => string): Exporting {
  const [made, busy, sentence] = [ref<Export | null>(null), ref(false), ref("")];
  let here = true;
  onBeforeUnmount(() => (here = false));

  async function run(): Promise<void> {
    [busy.value, sentence.value, made.value] = [true, "", null];
    try {
      const done = await awaitExport(await askExport(wanted()), (now) => (made.value = now), () => here);
      if (done.state !== "ready") sentence.value = unmade(done.state);
    } catch (cause) {
      sentence.value = problemWords(cause);
    } finally {
      busy.value = false;
    }
  }
  return { made, busy, sentence, run };
}
