import { describe, expect, it } from "vitest";
import en from "../inspection/en.json";
import { formOf, newForm, planOf } from "../inspection/plan-form";
import { digitsOf, inGroups, mayBeReplaced, noDigits, unfinished, type Inspection, type Task } from "../inspection/wire";
import zh from "../inspection/zh.json";

const task = (state: string, disposition: string | null): Task => ({ state, disposition }) as Task;

describe("plans of inspections", () => {
  it("tell the server only what their design goes by", () => {
    const form = newForm();
    expect(planOf(form)).toEqual({ design: "two_stage", stratum: "township", villages: { count: 3, method: "pps" }, households: { count: 10 }, reserves: 5 });
    form.stratum = "none";
    expect(planOf(form).stratum).toBeUndefined();
    form.design = "census";
    form.kin = true;
    expect(planOf(form)).toEqual({ design: "census", always: [{ column: "cadre_kin", values: ["yes"] }] });
  });

  it("are read back as they were planned", () => {
    const plan = { design: "stratified", stratum: "category", households: { count: 30 }, reserves: 4 };
    const known = { id: "1", names: { zh: "抽查" }, starts_on: "2026-11-22", ends_on: "2026-12-05", form_ids: ["spot_check"], recent: "share", seed_way: "reveal", plan } as unknown as Inspection;
    expect(planOf(formOf(known))).toEqual(plan);
  });
});

describe("the public draw", () => {
  it("takes digits however they are written down, and shows them in fives", () => {
    expect(digitsOf("3 1 4,15\n926")).toBe("31415926");
    expect([noDigits("3 1 4,15\n926"), noDigits("12ab O3")]).toEqual(["", "abO"]);
    expect(inGroups("31415926535")).toBe("31415 92653 5");
  });
});

describe("tasks", () => {
  it.each([["done", "refused", true], ["done", "complete", false], ["sent", "nobody", false], ["replaced", "lost", false]])("of state %s after %s may be replaced: %s", (state, disposition, may) => {
    expect(mayBeReplaced(task(state, disposition))).toBe(may);
  });
});

it("tells what closing would leave undone", () => {
  expect([unfinished({}), unfinished({ waiting: 2, sent: 3, done: 4, replaced: 1 })]).toEqual([0, 5]);
});

it("the words are alike in both languages", () => {
  const keys = (part: object, at = ""): string[] => Object.entries(part).flatMap(([key, value]) => (typeof value === "string" ? [at + key] : keys(value as object, `${at}${key}.`)));
  expect(keys(en).sort()).toEqual(keys(zh).sort());
});
