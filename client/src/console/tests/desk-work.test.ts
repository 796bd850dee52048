import { describe, expect, it } from "vitest";
import importingEn from "../importing/en.json";
import { type Draft, guess, lackOf, mappingOf } from "../importing/mapping";
import importingZh from "../importing/zh.json";
import policiesEn from "../policies/en.json";
import { concerns, type PolicyVersion, standing } from "../policies/wire";
import policiesZh from "../policies/zh.json";
import recordsEn from "../records/en.json";
import { endOf, isInitials } from "../records/wire";
import recordsZh from "../records/zh.json";
import { differences } from "../review/differences";
import reviewEn from "../review/en.json";
import { isPlainVisit, spoken } from "../review/wire";
import reviewZh from "../review/zh.json";
import { columnsOf, COLUMNS } from "../saved/columns";
import { viewsOf } from "../saved/views";
import type { Answer } from "../wire";

const keys = (part: object, at = ""): string[] => Object.entries(part).flatMap(([key, value]) => (typeof value === "string" ? [at + key] : keys(value as object, `${at}${key}.`)));
const answer = (path: string, value: string | null): Answer => ({ path, position_path: path, labels: {}, type: "text", value, display: {}, slot: null, masked: false });
const DATASETS = [
  { name: "household", labels: {}, card: [], properties: [{ name: "household_no", labels: { zh: "户编号" }, type: "text", group: null, choices: [], unit: null }, { name: "region", labels: { zh: "所在村组" }, type: "region", group: null, choices: [], unit: null }] },
  { name: "member", labels: {}, card: [], properties: [{ name: "full_name", labels: { zh: "姓名" }, type: "text", group: null, choices: [], unit: null }, { name: "id_number", labels: { zh: "身份证号" }, type: "text", group: null, choices: [], unit: null }] },
];
const DRAFT: Draft = { source: "county", headerRow: 2, sheet: "", memberSheet: "", key: ["户编号"], roles: { 户编号: "household.household_no", 乡镇: "region", 姓名: "member.full_name", 身份证号: "member.id_number", 备注: "" } };

describe("words of the desk", () => {
  it.each([["importing", importingZh, importingEn], ["policies", policiesZh, policiesEn], ["records", recordsZh, recordsEn], ["review", reviewZh, reviewEn]])("are the same in both languages: %s", (_name, zh, en) => {
    expect(keys(en).sort()).toEqual(keys(zh).sort());
  });
});

describe("reviewing", () => {
  const row = { review: "received", status: "applied", findings: 0, author: { id: "li", username: "li", display_name: "" }, photos: { named: 2, here: 2 } };
  it("takes for plain only what was registered whole, without a finding, and by somebody else", () => {
    expect(isPlainVisit(row, "zhang")).toBe(true);
    const others = [{ review: "approved" }, { status: "conflicted" }, { findings: 1 }, { photos: { named: 2, here: 1 } }].map((part) => isPlainVisit({ ...row, ...part }, "zhang"));
    expect([...others, isPlainVisit(row, "li")]).toEqual([false, false, false, false, false]);
  });
  it("sends only comments that say something", () => {
    expect(spoken([{ text: " " }, { text: " a ", path: "/x" }])).toEqual([{ text: "a", path: "/x" }]);
  });
  it("tells a correction by the answers that differ, also those that are gone", () => {
    const found = differences([answer("/a", "1"), answer("/b", "2"), answer("/c", "")], [answer("/a", "1"), answer("/d", "4"), answer("/c", null)]);
    expect(found.map(({ path, before, after }) => [path, before?.value, after?.value])).toEqual([["/d", undefined, "4"], ["/b", "2", undefined]]);
  });
});

describe("what a desk remembers", () => {
  it("is columns that exist, with those that name the row", () => {
    expect(columnsOf("author,nothing")).toEqual(["state", "household", "author"]);
    expect(columnsOf(null)).toEqual(COLUMNS.filter((name) => name !== "mode"));
  });
  it("is no view where nothing can be read", () => {
    expect([viewsOf(null), viewsOf("{"), viewsOf('[{"name":1}]')]).toEqual([[], [], []]);
  });
});

describe("households", () => {
  it("are looked for by initials where only letters were typed", () => {
    expect(["wds", "WD", "王", "w1", "abcdefg"].map(isInitials)).toEqual([true, true, false, false, false]);
  });
  it("are shown as they were at the end of a local day", () => {
    expect(new Date(endOf("2026-11-21")).getTime()).toBe(new Date(2026, 10, 22).getTime() - 1);
  });
});

describe("a register's columns", () => {
  it("are guessed by the labels of our properties", () => {
    expect(guess(["户编号", "乡镇", "姓名", "备注", "所在村组"], DATASETS)).toEqual({ 户编号: "household.household_no", 乡镇: "region", 姓名: "member.full_name", 备注: "", 所在村组: "" });
  });
  it("become the mapping that the server reads", () => {
    expect(JSON.parse(mappingOf(DRAFT))).toEqual({
      source: "county", header_row: "2", household: { key: ["户编号"], match: ["household_no"], region: { names: ["乡镇"] }, columns: { 户编号: "household_no" } },
      member: { household: ["户编号"], key: [["身份证号"], ["户编号", "姓名"]], match: ["id_number"], columns: { 姓名: "full_name", 身份证号: "id_number" } },
    });
  });
  it("match one property for each column of the key, or none", () => {
    const roles = { 乡镇: "region", 户编号: "household.household_no", 户主: "household.head_name" };
    const matches = [["户主", "户编号"], ["户主"], ["乡镇", "户编号"]].map((key) => (JSON.parse(mappingOf({ ...DRAFT, roles, key })) as { household: { match?: string[] } }).household.match);
    expect(matches).toEqual([["head_name", "household_no"], undefined, undefined]);
  });
  it("say what is lacking", () => {
    expect([lackOf(DRAFT), lackOf({ ...DRAFT, source: "1" }), lackOf({ ...DRAFT, key: [] }), lackOf({ ...DRAFT, roles: {} })]).toEqual([null, "needs_source", "needs_key", "needs_region"]);
  });
});

describe("policies", () => {
  const version = (from: string, until: string | null): PolicyVersion => ({ id: "v", labels: null, area: "", from, until, status: "confirmed", source: "", values: {} });
  it("hold from their first day to the day before their end", () => {
    const days = [version("2026-01-01", null), version("2026-01-02", null), version("2025-01-01", "2026-01-01"), version("2025-01-01", "2026-01-02")];
    expect(days.map((one) => standing(one, "2026-01-01"))).toEqual(["current", "future", "past", "current"]);
  });
  it("concern an area that they are around or inside of", () => {
    expect([["", "990101000000"], ["9901", "990101000000"], ["990101200", "990101000000"], ["990102", "990101000000"]].map(([area, chosen]) => concerns(area as string, chosen as string))).toEqual([true, true, true, false]);
  });
});
