/**
 * Cleaning rules on the phone: fetched with the definitions, kept sealed, judged by the form engine (field/form/rule-check.ts
 * brings it). What they find is a question to look at again, never a verdict.
 */
import { getJson } from "./api";
import { loadDefinitions, type Labels } from "./definitions";
import { Problem } from "./problem";
import { householdTree, type PolicyRow, type RuleHousehold, type RuleRecord, type RuleShape } from "./rule-tree";
import { childrenOf, getRecord } from "./records";
import { readMeta, session, writeMeta, type Session } from "./session";

export interface RuleDefinition { id: string; group: string; over: string; severity: "hard" | "soft"; message: Labels; cure: Labels; properties: string[]; status: string }
export interface RuleDefinitions { version: string; groups: Record<string, Labels>; rules: RuleDefinition[]; shape: RuleShape; xform: string; policies: Record<string, PolicyRow[]> }

/** Something to look at again: the rule, and the records (of the dataset that it judges) in which it was found. */
export interface RuleProblem { rule: RuleDefinition; ids: string[] }

/** Judges an instance of the rules' form: the instance with its verdicts. */
export type Judge = (xform: string, instanceXml: string) => Promise<string>;

/** With the definitions, once a day. A server that has no rules yet is no failure. */
export async function fetchRules(at: Session): Promise<void> {
  try {
    await writeMeta(at, "rules", await getJson<RuleDefinitions>("/rules", { token: at.account.token }));
  } catch (cause) {
    if (!(cause instanceof Problem && cause.status === 404)) throw cause;
  }
}

/** Null before the first sync with a server that has rules. */
export async function loadRules(): Promise<RuleDefinitions | null> {
  const at = session();
  return (await readMeta<RuleDefinitions>(at.db, at.key, "rules")) ?? null;
}

/** What the rules find in a household as this phone knows it, unsent work included. Hard ones first. */
export async function checkHousehold(id: string, judge: Judge, day: string): Promise<RuleProblem[]> {
  const [known, household] = await Promise.all([loadRules(), getRecord("household", id)]);
  if (!known || !household) return [];
  const below = await Promise.all(Object.keys(known.shape.below).map((dataset) => childrenOf(id, dataset)));
  const unseen = await unseenProperties();
  const rules = known.rules.filter(({ properties }) => !properties.some((name) => unseen.has(name)));
  return findProblems({ ...known, rules }, household, below.flat(), judge, day);
}

/** Roles that work with these records see all of their values; for others "not on record" may only be "not shown". */
const WORKING = ["cadre", "lead", "deputy", "supervisor", "admin"];

async function unseenProperties(): Promise<Set<string>> {
  if (session().account.user.roles.some(({ role }) => WORKING.includes(role))) return new Set();
  const datasets = await loadDefinitions();
  return new Set(datasets.flatMap(({ name, properties }) => properties.filter(({ sensitivity }) => sensitivity === "sensitive").map((property) => `${name}.${property.name}`)));
}

export async function findProblems(known: RuleDefinitions, household: RuleHousehold, below: RuleRecord[], judge: Judge, day: string): Promise<RuleProblem[]> {
  const tree = householdTree(known.version, known.shape, household, below, known.policies, day);
  const verdict = new DOMParser().parseFromString(await judge(known.xform, tree), "text/xml").getElementsByTagNameNS("*", "verdict")[0];
  const found = new Map(Array.from(verdict?.children ?? []).map((node) => [node.localName, (node.textContent ?? "").split(/\s+/).filter(Boolean)]));
  const problems = known.rules.map((rule) => ({ rule, ids: found.get(rule.id) ?? [] })).filter(({ ids }) => ids.length > 0);
  return [...problems.filter(({ rule }) => rule.severity === "hard"), ...problems.filter(({ rule }) => rule.severity !== "hard")];
}
