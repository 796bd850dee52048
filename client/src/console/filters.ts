/** The list's filters as they stand in the address bar, and as the server wants them. */

export interface Filters { q: string; from: string; to: string; photos: string; status: string; review: string; household: string; form: string }
export const EMPTY: Filters = { q: "", from: "", to: "", photos: "", status: "", review: "", household: "", form: "" };
type Query = Record<string, unknown>;

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const one = (value: unknown): string => (typeof value === "string" ? value : "");
const dateOr = (text: string): string => (DATE.test(text) && !Number.isNaN(Date.parse(text)) ? text : "");

/** Filters of an address; what cannot be read is no filter. */
export function filtersOf(query: Query): Filters {
  const photos = one(query["photos"]);
  return {
    q: one(query["q"]), from: dateOr(one(query["from"])), to: dateOr(one(query["to"])), status: one(query["status"]),
    photos: ["any", "none", "missing"].includes(photos) ? photos : "", review: one(query["review"]), household: one(query["household"]), form: one(query["form"]),
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
    from: filters.from ? midnight(filters.from, 0) : undefined, to: filters.to ? midnight(filters.to, 1) : undefined, after,
  };
}

function midnight(day: string, later: number): string {
  const [year, month, date] = day.split("-").map(Number) as [number, number, number];
  return new Date(year, month - 1, date + later).toISOString();
}

/** A local day as the address bar writes it. */
export const dayText = (at: Date): string =>
  `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;

/** The day `days` before `at`. */
export const daysBefore = (at: Date, days: number): Date => new Date(at.getFullYear(), at.getMonth(), at.getDate() - days);
