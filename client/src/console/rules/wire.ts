/** What the server tells of the cleaning rules. */
import type { Names } from "../wire";

export type Severity = "hard" | "soft";
export interface Looked { dataset: string; name: string; labels: Names }
export interface RuleWords { rule: string; severity: Severity; group: string | null; message: Names; cure: Names; source: string; status: string; properties: Looked[] }

export interface VillageCount { region: string; names: Names; households: number }
/** One rule with the households that it concerns, by village. */
export interface RuleCount extends RuleWords { households: number; villages: VillageCount[] }

export interface RuleFinding extends RuleWords {
  id: string; entity: { dataset: string; id: string; label: string }; household: { id: string; label: string; region: string };
  first_seen: string; last_seen: string; closed_at: string | null;
}

export interface RuleGroup { group: string; rules: RuleCount[] }

/** Rules below their group, in the server's order. */
export function grouped(rules: RuleCount[]): RuleGroup[] {
  const groups = new Map<string, RuleCount[]>();
  for (const rule of rules) groups.set(rule.group ?? "", [...(groups.get(rule.group ?? "") ?? []), rule]);
  return [...groups].map(([group, below]) => ({ group, rules: below }));
}

/** One line a household: a rule may name several of its members. */
export function byHousehold(findings: RuleFinding[]): { household: RuleFinding["household"]; findings: RuleFinding[] }[] {
  const households = new Map<string, RuleFinding[]>();
  for (const one of findings) households.set(one.household.id, [...(households.get(one.household.id) ?? []), one]);
  return [...households.values()].map((found) => ({ household: found[0]!.household, findings: found }));
}
