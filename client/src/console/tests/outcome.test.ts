import { describe, expect, it } from "vitest";
import { byCode, byOutcome, percent, place, shownValue } from "../outcome/showing";
import type { Compared, Indicator, Pattern } from "../outcome/wire";

const indicator = (more: Partial<Indicator>): Indicator => ({
  code: "missed", names: {}, means: {}, verdict: "too_small", says: {}, limit: 0.02, at_least: false, rule: "r", confidence: 0.95, count: 0, base: 1, households: 1,
  estimate: 0.01, design_effect: 1, size: 30, low: 0.001, high: 0.08, shown_low: 0.002, shown_high: 0.07, ...more,
});

describe("shares in words", () => {
  it.each([[0, "0%"], [0.0385, "3.9%"], [0.02, "2%"], [0.314, "31%"], [1, "100%"], [0.0002, "<0.1%"], [null, "–"]])("says %s as %s", (share, words) => {
    expect(percent(share)).toBe(words);
  });
});

describe("the bar of a rate", () => {
  it("keeps interval, estimate and limit in their order and inside", () => {
    const one = indicator({});
    const places = [one.shown_low!, one.estimate!, one.limit, one.shown_high!].map((share) => place(share, one));
    expect([...places].sort((a, b) => a - b)).toEqual(places);
    expect(places[0]).toBeGreaterThanOrEqual(0);
    expect(places[3]).toBeLessThanOrEqual(100);
  });

  it("shows the limit of a rate that is far below it", () => {
    const one = indicator({ high: 0.001, shown_high: 0.001, estimate: 0 });
    expect(place(one.limit, one)).toBeGreaterThan(30);
    expect(place(one.limit, one)).toBeLessThan(70);
  });

  it("draws a degree that is held from below near its top", () => {
    const one = indicator({ at_least: true, limit: 0.9, low: 0.85, high: 0.97, shown_low: 0.86, shown_high: 0.96, estimate: 0.92 });
    expect(place(0.86, one)).toBeGreaterThan(0);
    expect(place(1, one)).toBe(100);
  });
});

describe("values side by side", () => {
  it("says choices in words, amounts with their unit, and what is not there as a dash", () => {
    expect(shownValue({ value: "yes", words: { zh: "是", en: "Yes" } }, null, "zh")).toBe("是");
    expect(shownValue({ value: "12000", words: null }, "CNY", "zh")).toBe("12,000 CNY");
    expect(shownValue({ value: "***", words: null }, "CNY", "zh")).toBe("***");
    expect(shownValue({ value: null, words: null }, null, "zh")).toBe("–");
  });

  it("puts what differs first and keeps the form's order within", () => {
    const item = (property: string, outcome: Compared["outcome"]): Compared => ({ dataset: "household", property, question: property, labels: {}, asked: null, kind: "fixed", unit: null, recorded: { value: null, words: null }, found: { value: null, words: null }, outcome, why: {}, rule: null });
    const sorted = byOutcome([item("a", "agrees"), item("b", "differs"), item("c", "not_asked"), item("d", "differs"), item("e", "within")]);
    expect(sorted.map((one) => one.property)).toEqual(["b", "d", "e", "a", "c"]);
  });

  it("keeps reasons together by what they look at", () => {
    const reason = (code: string, value: number): Pattern => ({ code, says: {}, value, limit: 0, count: 1, records: [] });
    expect(byCode([reason("short", 1), reason("night", 2), reason("short", 3)]).map(([code, found]) => [code, found.length])).toEqual([["short", 2], ["night", 1]]);
  });
});
