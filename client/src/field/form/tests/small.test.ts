import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Fix } from "@lib/types";
import { autosave } from "../autosave";
import type { SaveState } from "../autosave";
import { shrinkFactor } from "../camera";
import en from "../i18n/en.json";
import zh from "../i18n/zh.json";
import { geopointText, sharperFix, visitPlace } from "../visit";
import { fromPicker, offsetText, toPicker } from "../widgets/dates";
import { inkBox, pixelSize } from "../widgets/strokes";
import { asTyped, cleanNumber, grouped, isComplete } from "../widgets/numbers";

const fix = (accuracy_m: number): Fix => ({ lon: 108.3702, lat: 23.1234, accuracy_m, altitude_m: null, speed: null, heading: null, time: "2026-11-21T02:00:00.000Z" });

describe("the place of a visit", () => {
  it("is the sharpest fix, as decimal strings", () => {
    expect(sharperFix(fix(30), fix(8))?.accuracy_m).toBe(8);
    expect(sharperFix(fix(8), fix(30))?.accuracy_m).toBe(8);
    expect(visitPlace(fix(8), "granted", null)).toEqual({
      lon: "108.3702000", lat: "23.1234000", accuracy_m: "8.0", altitude_m: null, datum: "WGS84", source: "gps", fix_time: "2026-11-21T02:00:00.000Z",
    });
  });

  it("is none with its reason when the person refused or nothing came", () => {
    expect(visitPlace(null, "denied", null)).toMatchObject({ source: "none", reason: "permission_denied", lon: null });
    expect(visitPlace(null, "prompt", null)).toMatchObject({ source: "none", reason: "no_fix" });
  });

  it("is the typed place with its reason when there is no fix", () => {
    expect(visitPlace(null, "denied", { lat: "23.1", lon: "108.3", reason: "山谷里定不上" })).toMatchObject({ source: "manual_pin", lat: "23.1", reason: "山谷里定不上" });
  });

  it("is written for a geopoint as lat lon altitude accuracy", () => {
    expect(geopointText(fix(8))).toBe("23.1234 108.3702 0 8");
  });
});

describe("numbers", () => {
  it.each([["２０", false, "20"], ["12.5", false, "12"], ["12。5", true, "12.5"], ["-3-4", false, "-34"], ["1,200元", true, "1200"], ["1.2.3", true, "1.23"]])("takes %s", (typed, decimals, kept) => {
    expect(cleanNumber(typed, decimals)).toBe(kept);
  });

  it("knows when a number is still being typed", () => {
    expect(["", "-", "3.", "3.5", "-2"].map(isComplete)).toEqual([true, false, false, true, true]);
  });

  it("shows them as people write them", () => {
    expect([grouped("1234567.5"), asTyped("20.0"), asTyped("0.50"), asTyped("100")]).toEqual(["1,234,567.5", "20", "0.5", "100"]);
  });
});

describe("dates", () => {
  it("go through the browser's pickers unharmed", () => {
    expect(fromPicker("date", toPicker("date", "2026-11-21"))).toBe("2026-11-21");
    expect([fromPicker("month", "2026-11"), fromPicker("year", "2026"), fromPicker("year", "26")]).toEqual(["2026-11-01", "2026-01-01", ""]);
    const moment = fromPicker("dateTime", "2026-11-21T08:30");
    expect(new Date(moment).getTime()).toBe(new Date("2026-11-21T08:30").getTime());
    expect(toPicker("dateTime", moment)).toBe("2026-11-21T08:30");
  });

  it("carry the zone of the phone", () => {
    expect([offsetText(-480), offsetText(210), offsetText(0)]).toEqual(["+08:00", "-03:30", "+00:00"]);
  });
});

describe("autosave", () => {
  beforeEach(() => { vi.useFakeTimers(); });
  afterEach(() => { vi.useRealTimers(); });

  it("saves within its bound even when changes never pause", async () => {
    const save = vi.fn(() => Promise.resolve());
    const saver = autosave(save, () => undefined, 250);
    for (let spent = 0; spent < 1000; spent += 50) {
      saver.changed();
      await vi.advanceTimersByTimeAsync(50);
    }
    expect(save.mock.calls.length).toBeGreaterThanOrEqual(3);
  });

  it("never runs two saves at once and loses no change made meanwhile", async () => {
    let running = 0;
    let worst = 0;
    let saved = 0;
    const saver = autosave(async () => {
      worst = Math.max(worst, ++running);
      await new Promise((resolve) => setTimeout(resolve, 400));
      running--;
      saved++;
    }, () => undefined, 100);
    saver.changed();
    await vi.advanceTimersByTimeAsync(150);
    saver.changed();
    await vi.advanceTimersByTimeAsync(2000);
    expect([worst, saved]).toEqual([1, 2]);
  });

  it("says that a save failed and tries again with the next change", async () => {
    const states: SaveState[] = [];
    let full = true;
    const saver = autosave(() => (full ? Promise.reject(new Error("quota")) : Promise.resolve()), (state) => states.push(state), 10);
    saver.changed();
    await vi.advanceTimersByTimeAsync(20);
    expect(states[states.length - 1]).toBe("failed");
    full = false;
    saver.changed();
    await vi.advanceTimersByTimeAsync(20);
    expect(states[states.length - 1]).toBe("saved");
  });

  it("does not say saved while somebody is typing", async () => {
    const states: SaveState[] = [];
    let typing = true;
    const saver = autosave(() => Promise.resolve(), (state) => states.push(state), 10, () => typing);
    saver.changed();
    await vi.advanceTimersByTimeAsync(20);
    expect(states).toEqual(["waiting", "saving", "waiting"]);
    typing = false;
    saver.changed();
    await vi.advanceTimersByTimeAsync(20);
    expect(states[states.length - 1]).toBe("saved");
  });

  it("does nothing after it was stopped", async () => {
    const save = vi.fn(() => Promise.resolve());
    const saver = autosave(save, () => undefined, 10);
    saver.changed();
    saver.stop();
    await saver.flush();
    await vi.advanceTimersByTimeAsync(50);
    expect(save).not.toHaveBeenCalled();
  });
});

it("brings a picture down to the form's limit and never enlarges", () => {
  expect([shrinkFactor(4000, 3000, 1000), shrinkFactor(800, 600, 1000), shrinkFactor(800, 600, null)]).toEqual([0.25, 1, 1]);
});

function keysOf(catalogue: object, above = ""): string[] {
  return Object.entries(catalogue).flatMap(([key, value]) => (typeof value === "string" ? [`${above}${key}`] : keysOf(value as object, `${above}${key}.`)));
}

it("says everything in both languages", () => {
  expect(keysOf(en)).toEqual(keysOf(zh));
});

describe("what a finger drew", () => {
  const pad = { width: 700, height: 260 };

  it("is kept with a margin around the ink, never outside the pad and never too small to see", () => {
    expect(inkBox([[{ x: 100, y: 60 }, { x: 500, y: 200 }]], pad)).toEqual({ left: 84, top: 44, width: 432, height: 172 });
    expect(inkBox([[{ x: 2, y: 2 }]], pad)).toEqual({ left: 0, top: 0, width: 240, height: 96 });
    expect(inkBox([[{ x: 699, y: 259 }]], pad)).toEqual({ left: 460, top: 164, width: 240, height: 96 });
    expect(inkBox([], pad)).toEqual({ left: 0, top: 0, ...pad });
  });

  it("has the pixels of the screen, within reason", () => {
    expect(pixelSize({ left: 0, top: 0, width: 400, height: 100 }, 2)).toEqual({ width: 800, height: 200, scale: 2 });
    expect(pixelSize({ left: 0, top: 0, width: 800, height: 100 }, 3)).toEqual({ width: 1600, height: 200, scale: 2 });
  });
});
