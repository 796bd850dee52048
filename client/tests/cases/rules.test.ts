/** Judges the households of RUHU_RULES with the phone's code and writes what was found; tests/forms/test_rules_on_phone.py starts it. */
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect, it } from "vitest";
import { judge } from "../../src/field/form/rule-check";
import { findProblems, type RuleDefinitions } from "../../src/lib/rules";
import type { RuleHousehold, RuleRecord } from "../../src/lib/rule-tree";

// The engine's expression parser looks for these two names outside a browser.
Object.assign(globalThis, { __dirname: ".", require: createRequire(`${process.cwd()}/`) });

const file = process.env["RUHU_RULES"] ?? "";

it.runIf(file)("judges households", async () => {
  const { known, day, households } = JSON.parse(readFileSync(file, "utf-8")) as { known: RuleDefinitions; day: string; households: { household: RuleHousehold; below: RuleRecord[] }[] };
  const outcomes = [];
  for (const { household, below } of households) {
    const problems = await findProblems(known, household, below, judge, day);
    outcomes.push(Object.fromEntries(problems.map(({ rule, ids }) => [rule.id, ids])));
  }
  writeFileSync(file.replace(".json", ".outcomes.json"), JSON.stringify(outcomes));
  expect(outcomes).toHaveLength(households.length);
});
