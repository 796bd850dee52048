/** PURE: which households on the list a newly written one may be. A question to the worker, never a barrier. */
import type { OwnWrite } from "./core/bases";

/** What tells households apart; "" and [] where it is not known. */
export interface Told { name: string; phone: string; number: string; region: string; members: string[] }
export interface Known extends Told { id: string }

/** Why: the same number, phone, head, or several members; or its head is a member there (a household that split off). */
export type Reason = "number" | "phone" | "head" | "members" | "member";
export interface Alike { id: string; reasons: Reason[] }

const MOST = 3;
/** Shorter ones are extensions or mistyped. */
const SHORTEST_PHONE = 7;
const VILLAGE = 12;

const digits = (phone: string): string => phone.replace(/\D/g, "").replace(/^0*86(?=1\d{10}$)/, "");
const plain = (name: string): string => name.normalize("NFKC").replace(/[\s·•]/g, "");
const isSame = (one: string, other: string): boolean => one !== "" && one === other;

/** Groups of one village are one place; an unknown place is any. */
const mayBeNear = (one: string, other: string): boolean => !one || !other || one.slice(0, VILLAGE) === other.slice(0, VILLAGE);

function reasonsFor(written: Told, known: Known): Reason[] {
  const found: Reason[] = [];
  const [name, phone] = [plain(written.name), digits(written.phone)];
  if (isSame(written.number.trim(), known.number.trim())) found.push("number");
  if (phone.length >= SHORTEST_PHONE && isSame(phone, digits(known.phone))) found.push("phone");
  if (!mayBeNear(written.region, known.region)) return found;
  const there = known.members.map(plain);
  if (isSame(name, plain(known.name))) found.push("head");
  else if (name && there.includes(name)) found.push("member");
  if (written.members.map(plain).filter((one) => one && one !== name && there.includes(one)).length >= 2) found.push("members");
  return found;
}

/** Those with most in common first. */
export function alikeOf(written: Told, known: readonly Known[]): Alike[] {
  return known.map((one) => ({ id: one.id, reasons: reasonsFor(written, one) })).filter(({ reasons }) => reasons.length > 0)
    .sort((a, b) => b.reasons.length - a.reasons.length).slice(0, MOST);
}

const text = (value: unknown): string => (typeof value === "string" || typeof value === "number" ? String(value) : "");

/** The household that an instance makes; null where it makes none. */
export function madeIn(writes: readonly OwnWrite[]): Told | null {
  const made = writes.find((write) => write.dataset === "household" && write.create);
  if (!made) return null;
  const { values } = made;
  const members = writes.filter((write) => write.dataset === "member").map((write) => text(write.values["full_name"] ?? write.label));
  return { name: text(values["head_name"] ?? made.label), phone: text(values["contact_phone"]), number: text(values["household_no"]), region: text(values["region"]), members };
}
