import { addMessages, setLanguage } from "@lib/i18n";
import { beforeEach, describe, expect, it } from "vitest";
import base from "../i18n/zh.json";
import baseEn from "../i18n/en.json";
import en from "../place/en.json";
import { drawn, faultOf, mayPlace, numberOf, spotOf, standing, wayOf } from "../place/placing";
import { besideSentence } from "../place/sentences";
import type { Beside, Draft, Placed, Places } from "../place/wire";
import zh from "../place/zh.json";
import type { Area } from "../wire";

addMessages({ zh: base, en: baseEn });
addMessages({ zh, en });
beforeEach(() => setLanguage("zh"));
const item = (op_id: string, state: Placed["state"]) => ({ op_id, state }) as Placed;
const draft = (more: Partial<Draft> = {}): Draft => ({ lon: "107.9", lat: "25.9", datum: "wgs84", source: "manual_pin", ...more });

describe("the places of a household", () => {
  const items = [item("c", "open"), item("b", "shown"), item("a", "superseded")];

  it("keep their numbers when others follow", () => {
    expect([numberOf(items, "a"), numberOf([item("d", "shown"), ...items], "a")]).toEqual([1, 1]);
    expect(numberOf(items, "gone")).toBeNull();
  });

  it("stand differently once somebody set another, not when an old one is told anew", () => {
    const of = (some: Placed[]): string => standing({ items: some } as Places);
    expect(of([...items].reverse())).toBe(of(items));
    expect(of([...items, item("e", "superseded")])).toBe(of(items));
    expect(of([item("d", "shown"), item("b", "superseded")])).not.toBe(of(items));
  });

  it("are set by those alone who may write in the area", () => {
    const areas = [["99", null], ["9901", "99"], ["9902", "99"]].map(([code, parent]) => ({ code, parent }) as Area);
    expect(mayPlace([{ role: "supervisor", region: "9901" }], areas, "9901")).toBe(true);
    expect(mayPlace([{ role: "supervisor", region: "9902" }, { role: "auditor", region: "99" }], areas, "9901")).toBe(false);
    expect(mayPlace([{ role: "admin", region: null }], areas, "9901")).toBe(true);
  });
});

describe("a place by hand", () => {
  it("needs degrees on Earth and a reason", () => {
    expect(faultOf(draft(), "图上看得清")).toBeNull();
    expect(faultOf(draft({ lon: "180.1" }), "x")).toBe("lon");
    expect(faultOf(draft({ lat: "25,9" }), "x")).toBe("lat");
    expect(faultOf(draft(), "  ")).toBe("reason");
  });

  it("is drawn only where it is WGS-84, since the console converts nothing", () => {
    expect(drawn(draft())).toEqual([107.9, 25.9]);
    expect(drawn(draft({ datum: "gcj02" }))).toBeNull();
    expect(drawn(draft({ lon: "" }))).toBeNull();
    expect(spotOf([107.123456789, -25.1])).toEqual({ lon: "107.1234568", lat: "-25.1000000" });
  });

  it("lies in, at or outside the village, and outside is a question", () => {
    const beside = (where: Beside["where"]): Beside => ({ region: "99", where, inside: where === "inside", metres: 423, limit: 100, rule: "r" });
    expect(besideSentence(beside("inside"), "青石村")).toBe("在青石村里，离村界 420 米");
    expect(besideSentence(beside("edge"), "青石村")).toContain("100 米 以内不分内外");
    expect(besideSentence(beside("outside"), "青石村")).toContain("还是位置有误？");
    expect(besideSentence(null, "")).toBe("没有村界可比");
  });
});

describe("a shift", () => {
  it.each([[0, 9, "n"], [5, 5, "ne"], [9, 0, "e"], [480, -250, "se"], [0, -9, "s"], [-7, -6, "sw"], [-9, 1, "w"], [-5, 6, "nw"]])("of %s m east and %s m north goes %s", (east_m, north_m, way) => {
    expect(wayOf({ east_m, north_m })).toBe(way);
  });
});

describe("the words of places", () => {
  const keys = (part: object, at = ""): string[] => Object.entries(part).flatMap(([key, value]) => (typeof value === "string" ? [`${at}${key} ${[...new Set([...value.matchAll(/\{(\w+)\}/g)].map((found) => found[1]))].sort().join()}`] : keys(value as object, `${at}${key}.`)));
  it("say the same in both languages", () => {
    expect(keys(en).sort()).toEqual(keys(zh).sort());
  });
});
