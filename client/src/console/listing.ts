/** The list as last read, so that a single submission knows its neighbours and going back finds the same rows. */
import { reactive } from "vue";
import { read } from "./api";
import { askedOf, type Filters } from "./filters";
import type { Page, SubmissionRow } from "./wire";

const SIZE = "100";
interface Listing { key: string; rows: SubmissionRow[]; next: string | null; active: string | null }
export const listing = reactive<Listing>({ key: "", rows: [], next: null, active: null });

/** Reads the first page of a list; the rows before it are gone only when it is there. */
export async function readList(filters: Filters, region: string | null): Promise<void> {
  const key = JSON.stringify([filters, region]);
  const page = await read<Page<SubmissionRow>>("/submissions", { ...askedOf(filters, region), limit: SIZE });
  const active = key === listing.key ? listing.active : null;
  Object.assign(listing, { key, rows: page.items, next: page.next, active });
}

/** Adds the page that follows. */
export async function readMore(filters: Filters, region: string | null): Promise<void> {
  if (!listing.next) return;
  const key = listing.key;
  const page = await read<Page<SubmissionRow>>("/submissions", { ...askedOf(filters, region, listing.next), limit: SIZE });
  if (key !== listing.key) return;
  listing.rows.push(...page.items);
  listing.next = page.next;
}

/** The rows before and after one; null at the ends and for one that is not in the list. */
export function neighbours(rows: { instance_id: string }[], id: string): { at: number; previous: string | null; next: string | null } {
  const at = rows.findIndex((row) => row.instance_id === id);
  if (at < 0) return { at, previous: null, next: null };
  return { at, previous: rows[at - 1]?.instance_id ?? null, next: rows[at + 1]?.instance_id ?? null };
}
