import { describe, expect, it } from "vitest";
import en from "../differing/en.json";
import { enterable, linesOf, ordered, ORDERS, seenOf } from "../differing/values";
import type { Conflict, Dataset } from "../differing/wire";
import zh from "../differing/zh.json";

const property = (name: string, choices: [string, string][] = []) => ({ name, labels: { zh: `${name}中文`, en: name }, type: "text", group: null, unit: null, choices: choices.map(([value, label]) => ({ value, labels: { zh: label } })) });
const datasets: Dataset[] = [{ name: "household", labels: {}, card: [], properties: [property("phone"), property("grade", [["A", "A级"], ["B", "B级"]])] }, { name: "member", labels: {}, card: [], properties: [property("sex")] }];
const head = (op_id: string, witnesses: string[] = []) => ({ op_id, instance_id: null, entity_id: "e", value: "", author: null, role: null, visit: null, photos: [], witnesses: witnesses.map((id) => ({ op_id: id, author: null })) });
const conflict = (more: Partial<Conflict> = {}): Conflict => ({ id: "c", kind: "property", entity_id: "e", dataset: "household", label: "王", region: "1", properties: ["grade"], state: "open", opened_at: "", shown: null, heads: [head("a", ["b"]), head("d")], ...more });

describe("values that differ", () => {
  it("are told by the labels of their codes", () => {
    expect(linesOf(datasets, conflict(), "A B", "zh")).toEqual([{ label: "grade中文", text: "A级、B级" }]);
    expect(linesOf(datasets, conflict(), "C", "en")).toEqual([{ label: "grade", text: "C" }]);
    expect(linesOf(datasets, conflict(), "", "zh")[0]?.text).toBeNull();
  });

  it("stand line by line where a group or a rule is disputed", () => {
    const lines = linesOf(datasets, conflict({ kind: "rule", properties: ["household.phone", "member.sex"] }), { phone: "1", "member.sex": null }, "zh");
    expect(lines).toEqual([{ label: "phone中文", text: "1" }, { label: "sex中文", text: null }]);
  });

  it("can be written anew where one property is disputed", () => {
    expect(enterable(datasets, conflict())?.name).toBe("grade");
    expect(enterable(datasets, conflict({ properties: ["a", "b"] }))).toBeNull();
    expect(enterable(datasets, conflict({ kind: "duplicate" }))).toBeNull();
  });

  it("count as seen with all who wrote the same", () => {
    expect(seenOf(conflict())).toEqual(["a", "b", "d"]);
  });
});

it("speaks both languages", () => {
  expect(Object.keys(en.differing).sort()).toEqual(Object.keys(zh.differing).sort());
});

describe("the queue of differences", () => {
  const one = (id: string, part: object): Conflict => ({ id, kind: "property", entity_id: id, dataset: "household", label: id, region: "1", properties: ["phone"], state: "open", opened_at: "2026-11-01", shown: null, heads: [], ...part });
  const items = [one("b", { opened_at: "2026-11-03" }), one("a", { opened_at: "2026-11-02", kind: "rule" }), one("c", {})];
  it("is ordered by age, by what hangs on it, or household by household", () => {
    const ids = ORDERS.map((order) => ordered(items, order).map(({ id }) => id).join(""));
    expect(ids).toEqual(["bac", "cab", "abc", "abc"]);
  });
});
