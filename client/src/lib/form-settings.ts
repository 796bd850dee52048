/** PURE: what a form says about itself, and which version of which form is offered to whom. */
import type { FormEntry, Qualification, User } from "./types";

/** The form's own settings (`attribute::ruhu:…`), as its XForm carries them: the truth also without network. */
export interface FormSettings {
  about: "household" | "region" | "";
  purpose: string;
  /** Empty: for everybody. */
  roles: string[];
  /** Kind that the author must hold on the day of the visit. */
  qualification: string;
  /** Opened without a household, it makes a new one. */
  registers: boolean;
}

const RUHU = "https://ruhu.example/xforms";

export function settingsOf(xform: string): FormSettings {
  const form = new DOMParser().parseFromString(xform, "text/xml");
  const root = rootOf(form);
  const word = (name: string): string => root?.getAttributeNS(RUHU, name)?.trim() ?? "";
  const about = word("about");
  return {
    about: about === "household" || about === "region" ? about : "", purpose: word("purpose"),
    roles: words(word("roles")), qualification: word("qualification"), registers: word("registers") === "household",
  };
}

const words = (text = ""): string[] => text.split(/\s+/).filter(Boolean);

/** The primary instance is the first without an address. */
function rootOf(form: Document): Element | null {
  const instances = Array.from(form.getElementsByTagNameNS("*", "instance"));
  return instances.find((instance) => !instance.hasAttribute("src"))?.firstElementChild ?? null;
}

/** Whether the form is offered to this person today. Who helps named households works as a cadre. */
export function isFor(settings: Pick<FormSettings, "roles" | "qualification">, user: User, day: string): boolean {
  const roles = new Set(user.roles.flatMap(({ role }) => (role === "lead" || role === "deputy" ? ["cadre", role] : [role])));
  const fits = settings.roles.length === 0 || settings.roles.some((role) => roles.has(role));
  return fits && (settings.qualification === "" || (user.qualifications ?? []).some((one) => holds(one, settings.qualification, day)));
}

/** The same, by what the feed says of a form that is not here yet. */
export const isWanted = ({ settings }: FormEntry, user: User, day: string): boolean =>
  isFor({ roles: words(settings?.roles), qualification: settings?.qualification ?? "" }, user, day);

function holds(one: string | Qualification, kind: string, day: string): boolean {
  if (typeof one === "string") return one === kind;
  return one.kind === kind && (one.valid_from ?? "") <= day && (!one.valid_until || day <= one.valid_until);
}

/** A household may be registered by who holds a role in an area; who only helps named households cannot add one. */
export const mayRegister = (user: User): boolean => user.roles.some(({ role, region }) => region !== null && ["cadre", "supervisor", "admin"].includes(role));

/** Of each form the version that is offered since last (on equal times the higher); retired ones and those to come are not. */
export function newestVersions(entries: FormEntry[], now: Date): FormEntry[] {
  const newest = new Map<string, FormEntry>();
  for (const entry of entries) {
    const since = sinceOf(entry);
    if (entry.state !== "published" || since > now.getTime()) continue;
    const known = newest.get(entry.form_id);
    if (!known || sinceOf(known) < since || (sinceOf(known) === since && isHigher(entry, known))) newest.set(entry.form_id, entry);
  }
  return [...newest.values()];
}

/** An older server names no time: then the place in the feed speaks. */
const sinceOf = (entry: FormEntry): number => (entry.offered_from ? Date.parse(entry.offered_from) : 0);
const isHigher = (one: FormEntry, other: FormEntry): boolean => (one.offered_from ? one.version > other.version : one.n > other.n);

/** The day where the phone is. */
export function localDay(now: Date = new Date()): string {
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
