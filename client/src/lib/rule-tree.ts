/** PURE: a household as the tree that cleaning rules look at; the same as the server's (server/forms/rule_tree.py). */
import { cellText } from "./csv";
import { readIdNumber } from "./id-number";
import type { Values } from "./types";

/** What the rules read: names of the household, of the records below it by dataset, and paths of policies. */
export interface RuleShape { household: string[]; below: Record<string, string[]>; policies: string[] }
export interface RuleRecord { dataset: string; id: string; data: Values }
export interface RuleHousehold extends RuleRecord { region: string }
export type PolicyRow = Record<string, string>;

const DAY_MS = 86_400_000;
/** Members who left or died are history: no rule looks at them. */
const GONE = ["left", "died"];

const belongs = (record: RuleRecord): boolean => record.dataset !== "member" || !GONE.includes(cellText(record.data["member_state"]));

/** The instance for the rules' form. `day`: 2026-11-21, where the work is done. */
export function householdTree(version: string, shape: RuleShape, household: RuleHousehold, below: RuleRecord[], policies: Record<string, PolicyRow[]>, day: string): string {
  const here = below.filter(belongs);
  const shared = (record: RuleRecord): number => here.filter((other) => other !== record && idNumber(other) !== "" && idNumber(other) === idNumber(record)).length;
  const own = shape.household.map((name) => element(name, fact(household, name, day, 0)));
  const rows = here.filter((record) => shape.below[record.dataset]).map((record) =>
    element(record.dataset, "", (shape.below[record.dataset] ?? []).map((name) => element(name, fact(record, name, day, shared(record)))).join("")));
  const branches = policyBranches(shape.policies.map((path) => [path, policyAt(path, household, policies, day)]));
  return `<household id="ruhu_rules" version="${escape(version)}">${own.join("")}${rows.join("")}${branches}</household>`;
}

const idNumber = (record: RuleRecord): string => (record.dataset === "member" ? cellText(record.data["id_number"]).trim().toUpperCase() : "");

/** A property, or what follows from one. */
function fact(record: RuleRecord, name: string, day: string, shared: number): string {
  if (name in record.data) return cellText(record.data[name]);
  if (name === "id") return record.id;
  if (name === "day") return String(dayNumber(day));
  if (name === "age") return age(cellText(record.data["birth_date"]), day);
  if (name === "id_number_copies") return String(shared);
  const number = idNumber(record);
  if (name === "id_number_fault") return number ? readIdNumber(number).fault : "";
  if (name === "id_number_birth") return readIdNumber(number).birth;
  if (name === "id_number_sex") return readIdNumber(number).sex;
  const date = name.endsWith("_day") ? dayNumber(cellText(record.data[name.slice(0, -4)])) : null;
  return date === null ? "" : String(date);
}

/** Days since 1970-01-01; null when it is no date. */
function dayNumber(text: string): number | null {
  const at = Date.parse(`${text.slice(0, 10)}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}/.test(text) && !Number.isNaN(at) ? at / DAY_MS : null;
}

/** Full years; "" when unknown or not yet born. */
function age(born: string, day: string): string {
  if (dayNumber(born) === null || born.slice(0, 10) > day) return "";
  return String(Number(day.slice(0, 4)) - Number(born.slice(0, 4)) - (day.slice(5, 10) < born.slice(5, 10) ? 1 : 0));
}

/** policy/income/monitoring_line as it holds on the day, policy_on/resolved_on/income/… as it held on that date. */
function policyAt(path: string, household: RuleHousehold, policies: Record<string, PolicyRow[]>, day: string): string {
  const parts = path.split("/");
  const [policy = "", value = ""] = parts.slice(-2);
  const on = parts[0] === "policy_on" ? dayNumber(cellText(household.data[parts[1] ?? ""])) : dayNumber(day);
  if (on === null) return "";
  const fitting = (policies[policy] ?? []).filter((row) => household.region.startsWith(row["area"] ?? "") && Number(row["from_day"]) <= on && on < Number(row["until_day"]));
  const best = fitting.reduce<PolicyRow | null>((one, other) => (one && Number(one["rank"]) > Number(other["rank"]) ? one : other), null);
  return best?.[value] ?? "";
}

/** Paths with a shared beginning become one branch. */
function policyBranches(pairs: (readonly [string, string])[]): string {
  const heads = [...new Set(pairs.map(([path]) => path.split("/")[0] ?? ""))];
  return heads.map((head) => {
    const inside = pairs.filter(([path]) => path.split("/")[0] === head).map(([path, value]) => [path.split("/").slice(1).join("/"), value] as const);
    const leaf = inside.find(([rest]) => rest === "");
    return leaf ? element(head, leaf[1]) : element(head, "", policyBranches(inside));
  }).join("");
}

const escape = (text: string): string => text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");
const element = (name: string, text: string, inside = ""): string => `<${name}>${escape(text)}${inside}</${name}>`;
