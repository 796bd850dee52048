/** The queue as last read: the list shows it, and one photo knows which comes next. */
import { uuid4 } from "@lib/ids";
import { reactive } from "vue";
import { read, send } from "../api";
import type { Page } from "../wire";
import { CODES, type Look, type LookState, type LookWhole, STATES, type Word } from "./wire";

const SIZE = "50";
export interface Wanted { state: LookState; code: string; drawn: boolean }
interface Queue { key: string; rows: Look[]; next: string | null; active: string | null; last: { id: string; word: Word; label: string } | null }
export const queue = reactive<Queue>({ key: "", rows: [], next: null, active: null, last: null });

type Query = Record<string, unknown>;
/** What an address asks for; what cannot be read is no filter. */
export function wantedOf(query: Query): Wanted {
  const state = STATES.find((one) => one === query["state"]) ?? "open";
  const code = CODES.find((one) => one === query["reason"]) ?? "";
  return { state, code, drawn: query["drawn"] === "1" };
}
/** Only what is set, so that addresses stay short. */
export const addressOf = (wanted: Wanted): Record<string, string> => ({
  ...(wanted.state === "open" ? {} : { state: wanted.state }), ...(wanted.code ? { reason: wanted.code } : {}), ...(wanted.drawn ? { drawn: "1" } : {}),
});

const asked = (wanted: Wanted, region: string | null): Record<string, string | undefined> =>
  ({ state: wanted.state, code: wanted.code || undefined, drawn: wanted.drawn ? "1" : undefined, region: region ?? undefined, limit: SIZE });

export async function readQueue(wanted: Wanted, region: string | null): Promise<void> {
  const key = JSON.stringify([wanted, region]);
  const page = await read<Page<Look>>("/evidence", asked(wanted, region));
  const active = key === queue.key && page.items.some((row) => row.id === queue.active) ? queue.active : null;
  Object.assign(queue, { key, rows: page.items, next: page.next, active });
}

/** Adds the page that follows; the row that it starts behind is known to the server also when it was judged meanwhile. */
export async function readFurther(wanted: Wanted, region: string | null): Promise<void> {
  if (!queue.next) return;
  const key = queue.key;
  const page = await read<Page<Look>>("/evidence", { ...asked(wanted, region), after: queue.next });
  if (key !== queue.key) return;
  const known = new Set(queue.rows.map((row) => row.id));
  queue.rows.push(...page.items.filter((row) => !known.has(row.id)));
  queue.next = page.next;
}

export const readLook = (id: string): Promise<LookWhole> => read<LookWhole>(`/evidence/${encodeURIComponent(id)}`);

/** Says what was seen. The id makes a repetition after a lost answer harmless. */
export async function say(look: Look, word: Word, note: string, id = uuid4()): Promise<LookWhole> {
  const now = await send<LookWhole>(`/evidence/${encodeURIComponent(look.id)}/verdict`, { verdict: word, note, id });
  const row = queue.rows.find((one) => one.id === look.id);
  if (row) row.state = now.state;
  queue.last = { id: look.id, word, label: look.household?.label ?? "" };
  return now;
}

/** The photo before one in the queue, and the next that waits: behind it, else one that was passed over. */
export function around(rows: Look[], id: string, state: LookState): { at: number; previous: string | null; next: string | null } {
  const at = rows.findIndex((row) => row.id === id);
  const waits = (row: Look): boolean => row.state === state && row.id !== id;
  const passed = state === "done" ? undefined : rows.find(waits);
  return { at, previous: rows[at - 1]?.id ?? null, next: (rows.slice(at + 1).find(waits) ?? passed)?.id ?? null };
}
