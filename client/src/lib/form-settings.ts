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
    roles: words(word("roles")), qualification: word("qualification"), registers: makesHouseholds(form, root),
  };
}

const words = (text = ""): string[] => text.split(/\s+/).filter(Boolean);

/** The primary instance is the first without an address. */
function rootOf(form: Document): Element | null {
  const instances = Array.from(form.getElementsByTagNameNS("*", "instance"));
  return instances.find((instance) => !instance.hasAttribute("src"))?.firstElementChild ?? null;
}

/** The form's own entity (not that of a repeat) is a household that may be created. */
function makesHouseholds(form: Document, root: Element | null): boolean {
  const meta = Array.from(root?.children ?? []).find((child) => child.localName === "meta");
  const entity = Array.from(meta?.children ?? []).find((child) => child.localName === "entity" && child.getAttribute("dataset") === "household");
  if (!entity?.hasAttribute("create")) return false;
  const path = `/${root?.localName ?? ""}/meta/entity/@create`;
  const binds = Array.from(form.getElementsByTagNameNS("*", "bind"));
  return ["1", "true"].includes(entity.getAttribute("create") ?? "") || binds.some((bind) => bind.getAttribute("nodeset") === path);
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

/** The day from which a version counts: published, or later as its office has set. */
const startOf = (entry: FormEntry): string => [entry.published_at?.slice(0, 10) ?? "", entry.starts_on ?? ""].sort()[1] ?? "";
const rank = (entry: FormEntry): string => [startOf(entry), entry.published_at ?? "", String(entry.n).padStart(12, "0")].join("|");

/** Of each form the newest version whose day has come; retired ones are not offered. `day`: 2026-11-21. */
export function newestVersions(entries: FormEntry[], day: string): FormEntry[] {
  const newest = new Map<string, FormEntry>();
  for (const entry of entries) {
    if (entry.state !== "published" || (entry.starts_on ?? "") > day) continue;
    const known = newest.get(entry.form_id);
    if (!known || rank(known) < rank(entry)) newest.set(entry.form_id, entry);
  }
  return [...newest.values()];
}

/** The day where the phone is. */
export function localDay(now: Date = new Date()): string {
  const two = (part: number): string => String(part).padStart(2, "0");
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
}
