import { describe, expect, it, vi } from "vitest";
import { cornersOf, shapeText, between, isNew, boxCorners } from "../county/shape";
import { scaleBar } from "../county/picture";
import { daysIn, daysOf, stepsOf, ticks, tickText } from "../county/time";
import countyEn from "../county/en.json";
import countyZh from "../county/zh.json";
import { dayText } from "../filters";
import { tileAddress } from "../map/tile-layers";
import en from "../overview/en.json";
import { IN_PERIOD, TO_DO } from "../overview/columns";
import { monthEdges, monthLabel, spansOf, weekEdges, weekLabel } from "../overview/spans";
import zh from "../overview/zh.json";

vi.mock("maplibre-gl", () => ({ Marker: class {} }));
const NOW = new Date(2026, 10, 22, 18, 30); // a Sunday

const keysOf = (node: object, at = ""): string[] => Object.entries(node).flatMap(([key, value]) => (typeof value === "object" ? keysOf(value as object, `${at}.${key}`) : [`${at}.${key}`])).sort();
it("says everything in both languages", () => {
  expect(keysOf(en)).toEqual(keysOf(zh));
  expect(keysOf(countyEn)).toEqual(keysOf(countyZh));
});

describe("weeks and months", () => {
  it("end with the one that runs now, and leave no day out", () => {
    const weeks = weekEdges(NOW, 3);
    expect(weeks.map(dayText)).toEqual(["2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]);
    expect(spansOf(weeks)).toEqual([{ from: "2026-11-02", to: "2026-11-08" }, { from: "2026-11-09", to: "2026-11-15" }, { from: "2026-11-16", to: "2026-11-22" }]);
    expect(weekEdges(new Date(2026, 10, 23), 1).map(dayText)).toEqual(["2026-11-23", "2026-11-30"]);
    expect(monthEdges(NOW, 12).map(monthLabel)).toEqual(["2025-12", "2026-01", "2026-02", "2026-03", "2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09", "2026-10", "2026-11", "2026-12"]);
    expect(weekLabel(weeks[0] as Date)).toBe("11-02");
  });

  it("have a list for every number of the overview", () => {
    for (const column of [...TO_DO, ...IN_PERIOD]) expect(column.page, column.key).toBeTruthy();
  });
});

describe("the time slider", () => {
  it("goes from steps to days and back", () => {
    for (const step of ["month", "day"] as const) {
      const all = ticks(step, NOW);
      for (const [first, last] of [[0, 0], [3, 7], [all.length - 2, all.length - 2]] as const) expect(stepsOf(all, daysOf(all, first, last))).toEqual([first, last]);
    }
    expect(daysOf(ticks("month", NOW), 23, 23)).toEqual({ from: "2026-11-01", to: "2026-11-30" });
    expect(tickText(ticks("month", NOW)[0] as Date, "month")).toBe("2024-12");
    expect(stepsOf(ticks("month", NOW), { from: "2001-01-01", to: "2001-02-01" })).toEqual([0, 0]);
  });

  it("reads no range that is none", () => {
    expect(daysIn("2026-11-01", "2026-11-30")).toEqual({ from: "2026-11-01", to: "2026-11-30" });
    for (const [from, to] of [["2026-11-30", "2026-11-01"], ["monday", "2026-11-01"], [undefined, "2026-11-01"], [["a"], "b"]]) expect(daysIn(from, to)).toBeNull();
  });

  it("narrows the tiles of visits and photos, not of houses", () => {
    expect(tileAddress("households", { area: "99", from: "a", to: "b" })).toMatch(/households\/\{z\}\/\{x\}\/\{y\}\.mvt\?region=99$/);
    expect(tileAddress("photos", { area: null, from: "2026-01-01T00:00:00Z" })).toContain("?from=2026-01-01T00%3A00%3A00Z");
    expect(tileAddress("photos", { area: null })).toMatch(/mvt$/);
  });
});

describe("a drawn area", () => {
  it("stands in the address to the metre, and nothing else is one", () => {
    const corners = between([107.9000001, 26], [107.8, 26.1]);
    expect(cornersOf(shapeText(corners))).toEqual([[107.8, 26], [107.9, 26], [107.9, 26.1], [107.8, 26.1]]);
    for (const text of ["", "1,2,3,4", "1,2,3,4,5", "1,2,3,4,5,a", "1,2,3,4,5,95", Array(202).fill("1").join(","), null, ["1"]]) expect(cornersOf(text)).toBeNull();
    expect(boxCorners([1, 2, 3, 4])).toHaveLength(4);
  });

  it("takes the two clicks of a double click as one corner, and a hundred at most", () => {
    expect(isNew([[1, 1]], [1, 1])).toBe(false);
    expect(isNew([[1, 1]], [1, 1.1])).toBe(true);
    expect(isNew(Array(100).fill([0, 0]), [1, 1])).toBe(false);
  });
});

it("a scale bar is round and fits", () => {
  for (const [metres, length] of [[12_000, 2000], [900, 200], [41, 10]] as const) {
    const bar = scaleBar(metres);
    expect(bar.metres).toBe(length);
    expect(bar.part).toBeLessThanOrEqual(0.25);
  }
});
