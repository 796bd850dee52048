/** The list's filters as they stand in the address bar, and as the server wants them. */

export interface Filters { q: string; from: string; to: string; photos: string; status: string; review: string; household: string; form: string }
export const EMPTY: Filters = { q: "", from: "", to: "", photos: "", status: "", review: "", household: "", form: "" };
type Query = Record<string, unknown>;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** One word of an address; what stands there twice or not at all is none. */
export const wordOf = (value: unknown): string => (typeof value === "string" ? value : "");
const dateOr = (text: string): string => (DATE.test(text) && !Number.isNaN(Date.parse(text)) ? text : "");

/** Filters of an address; what cannot be read is no filter. */
export function filtersOf(query: Query): Filters {
  const photos = wordOf(query["photos"]);
  return {
    q: wordOf(query["q"]), from: dateOr(wordOf(query["from"])), to: dateOr(wordOf(query["to"])), status: wordOf(query["status"]),
    photos: ["any", "none", "missing"].includes(photos) ? photos : "", review: wordOf(query["review"]), household: wordOf(query["household"]), form: wordOf(query["form"]),
  };
}

export const isNarrowed = (filters: Filters): boolean => Object.values(filters).some((value) => value !== "");

/** Only what is set, so that addresses stay short. */
export const addressOf = (filters: Filters): Record<string, string> =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== ""));

/** Days are whole days of this desk's clock: `from` begins, `to` ends with its day. */
export function askedOf(filters: Filters, region: string | null, after?: string): Record<string, string | undefined> {
  return {
    region: region ?? undefined, q: filters.q.trim() || undefined, photos: filters.photos || undefined, status: filters.status || undefined,
    review: filters.review || undefined, household: filters.household || undefined, form_id: filters.form || undefined,
    from: midnight(filters.from, 0), to: midnight(filters.to, 1), after,
  };
}

/** When a day of this desk's clock begins, `later` days on; no day, no time. */
export function midnight(day: string, later: number): string | undefined {
  const [year, month, date] = day.split("-").map(Number);
  return year && month && date ? new Date(year, month - 1, date + later).toISOString() : undefined;
}

/** A local day as the address bar writes it. */
export const dayText = (at: Date): string =>
  `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

/** The day `days` before `at`. */
export const daysBefore = (at: Date, days: number): Date => new Date(at.getFullYear(), at.getMonth(), at.getDate() - days);
