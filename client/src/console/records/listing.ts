/** Households by name, number or pinyin initials. Initials are matched here: the server keeps names, not their sounds. */
import { initials } from "@lib/pinyin";
import { read } from "../api";
import { midnight } from "../filters";
import type { Page } from "../wire";
import { type Entry, isInitials } from "./wire";

export interface Wanted { region: string | null; q: string; concern: string; visited: string; from: string; to: string }
export interface Found extends Page<Entry> { looked: number | null }
const PAGE = 500;
const MOST_PAGES = 4;

const asked = (wanted: Wanted, limit: number, after?: string): Record<string, string | undefined> => ({
  dataset: "household", region: wanted.region ?? undefined, q: isInitials(wanted.q) ? undefined : wanted.q.trim() || undefined, concern: wanted.concern || undefined, visited: wanted.visited || undefined, from: midnight(wanted.from, 0), to: midnight(wanted.to, 1), limit: String(limit), after,
});

/** A page of households; of initials all that are among the first 2,000, `looked` says among how many when there are more. */
export async function readHouseholds(wanted: Wanted, after?: string): Promise<Found> {
  if (!isInitials(wanted.q)) return { ...(await read<Page<Entry>>("/entities", asked(wanted, 100, after))), looked: null };
  const letters = wanted.q.trim().toLowerCase();
  const items: Entry[] = [];
  let [looked, next, pages] = [0, after, 0];
  do {
    const page: Page<Entry> = await read<Page<Entry>>("/entities", asked(wanted, PAGE, next));
    items.push(...page.items.filter((one) => initials(one.label).split(" ").some((word) => word.startsWith(letters))));
    [looked, next, pages] = [looked + page.items.length, page.next ?? undefined, pages + 1];
  } while (next && pages < MOST_PAGES);
  return { items, next: null, looked: next ? looked : null };
}
