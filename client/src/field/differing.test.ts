/** Whatever a record is marked with, the phone has words for it, in both languages, and never shows the mark itself. */
import { afterEach, expect, test } from "vitest";
import i18n from "@lib/i18n";
import type { ConflictEntry } from "@lib/types";
import { differingOf, kindOf, settledOf } from "./state/differing";
import { propertyLabel, valueText } from "./state/labels";

const HOUSE = { id: "h", dataset: "household", label: "王大山", contested: ["head_name", "@state", "@rule:area_each", "@same", "@new_mark"] };
const SON = { id: "m", dataset: "member", label: "王小山", contested: ["@same:m2", "@state"] };
const MESSAGE = { zh: "人均面积比总面积大", en: "Area per person is larger than the area" };
const conflict = (id: string, state: string): ConflictEntry =>
  ({ n: 1, type: "conflict", id, entity_id: "h", properties: ["house_area"], heads: [], state, broken: { id: "area_each", message: MESSAGE } });
const speak = (language: "zh" | "en"): void => { i18n.global.locale.value = language; };

afterEach(() => speak("zh"));

test("each kind of mark has its own sentence, which names the record", () => {
  speak("zh");
  const [property, state, rule, same, other] = differingOf([HOUSE], [conflict("c", "open")]).map((one) => one.text);
  expect(property).toContain("两人填得不同");
  expect(state).toMatch(/王大山.*停用.*改了/);
  expect(rule).toMatch(/对不上.*人均面积比总面积大/);
  expect(same).toMatch(/可能重复.*王大山.*请核对是否同一户/);
  expect(other).toMatch(/王大山/);
  expect(differingOf([SON], [])[0]?.text).toMatch(/可能重复.*王小山.*请核对是否同一人/);
});

test("a rule that was settled explains nothing any more", () => {
  expect(differingOf([HOUSE], [conflict("c", "resolved")])[2]?.text).not.toContain(MESSAGE.zh);
});

test("no mark and no name of the server's own reaches a page, in no language", () => {
  for (const language of ["zh", "en"] as const) {
    speak(language);
    const todo = differingOf([HOUSE, SON], [conflict("c", "open")]);
    expect(new Set(todo.map((one) => one.id)).size).toBe(todo.length);
    const names = ["@state", "@same_as", "@later"].flatMap((name) => [propertyLabel("household", name), ...["", "archived", "active", "1f0e5a0c-93c2-4c1b-8f0e-6a5d2f6b7c11"].map((value) => valueText("household", name, value))]);
    for (const text of [...todo.map((one) => one.text), ...names]) {
      expect(text).not.toBe("");
      expect(text).not.toMatch(/@|1f0e5a0c|archived|todo\.|record\./);
    }
  }
});

const heads = (a: unknown, b: unknown): ConflictEntry["heads"] => [
  { op_id: "1", value: a, author: { id: "p1", username: "zhangmin", display_name: "张敏" }, visit: { ended_at: "2026-11-03T09:00:00+08:00" }, witnesses: [{ op_id: "3", author: { id: "p3", username: "wang", display_name: "王军" } }] },
  { op_id: "2", value: b, author: { id: "me", username: "li", display_name: "李敏" }, visit: null },
];
const open = (properties: string[], more: Partial<ConflictEntry>): ConflictEntry => ({ n: 1, type: "conflict", id: properties.join(), entity_id: "h", properties, heads: [], state: "open", ...more });

test("both values stand with who wrote them and when, and which one is shown meanwhile", () => {
  speak("zh");
  const house = { ...HOUSE, contested: ["contact_phone"] };
  const conflict = open(["contact_phone"], { kind: "property", dataset: "household", heads: heads("13800000001", null), shown: "13800000001" });
  const [one] = differingOf([house], [conflict], "me");
  expect(one?.sides.map(({ value, who, shown }) => [value, who, shown])).toEqual([["13800000001", "张敏、王军", true], ["未填", "您", false]]);
  expect(one?.sides[0]?.day).toContain("11月3日");
  expect(differingOf([house], [{ ...conflict, state: "resolved" }])[0]?.sides).toEqual([]);
  expect(differingOf([house], [{ ...conflict, entity_id: "other" }])[0]?.sides).toEqual([]);
});

test("what a person decided comes back with the value, the person and the reason; for a month, and only what was decided", () => {
  speak("zh");
  const now = Date.parse("2026-11-22T00:00:00Z");
  const closed = open(["contact_phone"], { kind: "property", state: "resolved", heads: heads("13800000001", "2"), shown: "changed since", closed_at: "2026-11-20T01:00:00Z", resolution: { how: "chosen", choose: "3", author: { id: "z", username: "z", display_name: "张主任" }, reason: "打过电话" } });
  const [one] = settledOf([HOUSE], [closed], "me", now);
  expect(one?.text).toMatch(/张主任.*13800000001.*打过电话/);
  expect(settledOf([HOUSE], [closed], "z", now)[0]?.text).toContain("您");
  expect(settledOf([HOUSE], [{ ...closed, resolution: { how: "chosen", choose: "value", value: "13900000009" } }], "me", now)[0]?.text).toContain("13900000009");
  const others = [{ ...closed, closed_at: "2026-09-20T01:00:00Z" }, { ...closed, resolution: { how: "seen" } }, { ...closed, state: "open" }, { ...closed, entity_id: "x" }, { ...closed, kind: "duplicate" }];
  expect(settledOf([HOUSE], others, "me", now)).toEqual([]);
});

test("values that belong together are one line, and a broken rule is not taken for a differing value", () => {
  speak("zh");
  const house = { ...HOUSE, contested: ["lon", "lat", "@rule:area_each", "house_area"] };
  const place = open(["lon", "lat"], { kind: "property", heads: heads({ lon: "108.1", lat: "23.1" }, { lon: "108.2", lat: "23.2" }) });
  const rule = open(["house_area"], { kind: "rule", broken: { id: "area_each", message: MESSAGE }, heads: heads({ house_area: "20" }, { house_area: "30" }) });
  const found = differingOf([house], [place, rule]);
  expect(found.map((one) => one.id)).toEqual(["h lon", "h @rule:area_each", "h house_area"]);
  expect(found[0]?.sides[0]?.value).toMatch(/108\.1.*23\.1/);
  expect([found[1]?.sides.length, found[2]?.sides.length]).toEqual([2, 0]);
});

test("only a mark that begins with @ is not a property", () => {
  expect(["head_name", "@state", "@rule:x", "@same", "@same:x", "@else"].map(kindOf)).toEqual(["property", "state", "rule", "duplicate", "duplicate", "other"]);
});
