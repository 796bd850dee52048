import { describe, expect, it } from "vitest";
import { type FormVersion, grouped, half, stageOf, tomorrow } from "../forms";

const NOW = new Date("2026-11-22T04:00:00Z");
const form = (version: string, state: FormVersion["state"], offered_from: string | null = null): FormVersion => ({
  form_id: "visit", version, names: { zh: "走访" }, state, offered_from, starts_on: null, datasets: [], purpose: "", about: null, roles: [], qualification: null,
  source_name: "a.xlsx", warnings: [], created_at: `2026-11-0${version}T00:00:00Z`, published_at: offered_from, retired_at: null, media: [],
});

describe("the stage of a version", () => {
  const one = form("1", "published", "2026-11-01T00:00:00Z");
  const two = form("2", "published", "2026-12-01T00:00:00+08:00");
  const all = [one, two, form("3", "draft"), form("4", "retired", "2026-10-01T00:00:00Z")];

  it("is what phones do with it now", () => {
    expect(all.map((each) => stageOf(each, all, NOW))).toEqual(["offered", "waiting", "draft", "retired"]);
  });

  it("changes when the day comes", () => {
    const later = new Date("2026-12-02T00:00:00Z");
    expect(all.map((each) => stageOf(each, all, later))).toEqual(["older", "offered", "draft", "retired"]);
  });

  it("looks at the versions of the same form alone", () => {
    const other = { ...form("9", "published", "2026-11-20T00:00:00Z"), form_id: "income" };
    expect(stageOf(one, [...all, other], NOW)).toBe("offered");
    expect(grouped([...all, other], NOW).map((group) => [group.form_id, group.versions.map((each) => each.version)])).toEqual([
      ["income", ["9"]], ["visit", ["1", "2", "3", "4"]],
    ]);
  });
});

describe("texts in two languages", () => {
  it("are shown in one", () => {
    expect(half("survey 第6行 / survey row 6", "zh")).toBe("survey 第6行");
    expect(half("survey 第6行 / survey row 6", "en")).toBe("survey row 6");
    expect(half("form.xlsx", "en")).toBe("form.xlsx");
  });
});

it("the first day to wait for is tomorrow, also at the end of a month", () => {
  expect(tomorrow(new Date(2026, 10, 30, 23, 59))).toBe("2026-12-01");
});
