import { describe, expect, it } from "vitest";
import { DIFFERENT, madeOf, nextOpen, noChoice, OTHER } from "../differing/choices";
import en from "../differing/en.json";
import { agreeing, decidedText, enterable, isStillOpen, linesOf, seenOf, unchanged } from "../differing/values";
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

describe("a household's differences", () => {
  const group = { ...datasets[0], properties: [property("phone"), property("lon"), property("lat")] } as Dataset;
  const place = conflict({ properties: ["lon", "lat"], shown: { lon: "1", lat: null } });

  it("are sent as chosen or as written, a group whole, and not before", () => {
    const one = conflict();
    expect(madeOf(datasets, one, noChoice(one))).toBeNull();
    expect(madeOf(datasets, one, { ...noChoice(one), chosen: "d" })).toEqual({ choose: "d", seen: ["a", "b", "d"] });
    expect(madeOf(datasets, one, { ...noChoice(one), chosen: OTHER, typed: " " })).toBeNull();
    expect(madeOf(datasets, one, { ...noChoice(one), chosen: OTHER, typed: " C " })?.value).toBe("C");
    expect(madeOf([group], place, { ...noChoice(place), chosen: OTHER })).toEqual({ choose: OTHER, value: { lon: "1", lat: "" }, seen: ["a", "b", "d"] });
    expect(madeOf(datasets, conflict({ kind: "duplicate" }), { ...noChoice(one), chosen: DIFFERENT })).toMatchObject({ choose: OTHER, value: DIFFERENT });
  });

  it("hand the number keys on to the next that is open", () => {
    expect([nextOpen([true, false, false], 0), nextOpen([false, true, true], 2), nextOpen([true, true], 1)]).toEqual([1, 0, 1]);
  });

  const entry = (id: string, dataset: string, data: Record<string, string | null>) => ({ dataset, id, label: id, version: 1, region: "1", state: "active" as const, data, masked: [], contested: [], updated_at: "", updated_by: null });
  it("leave folded what nobody disputes, of the household and of whom they are about", () => {
    const whole = { at: null, household: entry("e", "household", { phone: "1", grade: "A" }), below: [entry("m", "member", { sex: "f" }), entry("n", "member", { sex: "m" })] };
    const told = agreeing(datasets, whole, [conflict(), conflict({ entity_id: "m", dataset: "member", properties: ["age"] })], "zh");
    expect(told.map(({ id, lines }) => [id, lines.map(({ text }) => text)])).toEqual([["e", ["1"]], ["m", ["f"]]]);
  });

  it("tell what was chosen as it stands", () => {
    const effects = { records: [{ dataset: "household", id: "e", label: "", state: "active", changes: [{ property: "phone", from: "1", to: "2" }] }], opens: 0, closes: 2 };
    expect(unchanged(datasets, [conflict(), conflict({ properties: ["phone"] }), conflict({ kind: "duplicate" })], effects, "zh")).toEqual(["grade中文"]);
  });

  it("tell what was decided, and whether it waits again", () => {
    const decided = (resolution: object) => conflict({ state: "resolved", heads: [{ ...head("a"), value: "A" }], resolution: { how: "chosen", author: null, ...resolution } });
    expect(decidedText(datasets, decided({ choose: "a" }), "zh")).toBe("A级");
    expect(decidedText(datasets, decided({ choose: "value", value: "B" }), "zh")).toBe("B级");
    expect(decidedText(datasets, decided({ choose: "gone" }), "zh")).toBeNull();
    expect([isStillOpen([conflict()], decided({})), isStillOpen([place], decided({}))]).toEqual([true, false]);
  });
});
