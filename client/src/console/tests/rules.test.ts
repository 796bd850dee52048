import { describe, expect, it } from "vitest";
import en from "../rules/en.json";
import { byHousehold, grouped, type RuleCount, type RuleFinding } from "../rules/wire";
import zh from "../rules/zh.json";

const count = (rule: string, group: string | null): RuleCount => ({ rule, group, severity: "soft", message: {}, cure: {}, source: "", status: "indicative", properties: [], households: 1, villages: [] });
const finding = (id: string, household: string): RuleFinding => ({
  ...count("r", "g"), id, entity: { dataset: "member", id, label: id }, household: { id: household, label: household, region: "1" }, first_seen: "", last_seen: "", closed_at: null,
});

describe("records to check", () => {
  it("stand below their group, in the order given", () => {
    const groups = grouped([count("a", "work"), count("b", "health"), count("c", "work"), count("d", null)]);
    expect(groups.map(({ group, rules }) => [group, rules.map(({ rule }) => rule)])).toEqual([["work", ["a", "c"]], ["health", ["b"]], ["", ["d"]]]);
  });

  it("are one line a household, also when several members are concerned", () => {
    const rows = byHousehold([finding("m1", "h1"), finding("m2", "h2"), finding("m3", "h1")]);
    expect(rows.map((row) => [row.household.id, row.findings.map(({ id }) => id)])).toEqual([["h1", ["m1", "m3"]], ["h2", ["m2"]]]);
  });

  it("are worded alike in both languages", () => {
    const keys = (part: object, at = ""): string[] => Object.entries(part).flatMap(([key, value]) => (typeof value === "string" ? [at + key] : keys(value as object, `${at}${key}.`)));
    expect(keys(en).sort()).toEqual(keys(zh).sort());
  });
});
