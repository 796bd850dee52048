import { addMessages, setLanguage } from "@lib/i18n";
import { Problem } from "@lib/problem";
import { beforeEach, describe, expect, it } from "vitest";
import en from "../i18n/en.json";
import zh from "../i18n/zh.json";
import { clauses, joined } from "../joined";
import { accuracy, length, placeSentence } from "../map/distance";
import { problemWords } from "../problem-words";
import { clockSentence, duration, moment, shortMoment } from "../moments";

addMessages({ zh, en });
beforeEach(() => setLanguage("zh"));
const measured = (distance: number, beyond: boolean) => ({ distance_m: distance, beyond_accuracy: beyond, accuracy_m: 34.2 });
const HOUSE = { accuracy_m: 5, placed_by_this_visit: false };

describe("distances in words", () => {
  it.each([[0.4, "0 米"], [8.4, "8 米"], [99.4, "99 米"], [423, "420 米"], [996, "1.0 公里"], [1340, "1.3 公里"], [123_456, "123 公里"]])("says %s m as %s", (metres, words) => {
    expect(length(metres)).toBe(words);
  });

  it("never shows an accuracy better than it is", () => {
    expect(accuracy(8.01)).toBe("9 米");
    expect(accuracy(null)).toBe("没有写");
  });

  it("asks about a place that is apart, and accuses nobody", () => {
    expect(placeSentence("photo", measured(423, true), HOUSE)).toBe("照片位置离登记的房屋约 420 米（精度 35 米）。是在别处拍的，还是登记位置有误？");
    setLanguage("en");
    expect(placeSentence("visit", measured(423, true), HOUSE)).toContain("Was it filled in elsewhere, or is the record wrong?");
  });

  it("asks nothing where the circles touch", () => {
    expect(placeSentence("visit", measured(20, false), HOUSE)).toBe("走访位置离登记的房屋约 20 米，在定位精度（35 米）以内。");
  });

  it("compares with nothing where there is nothing to compare", () => {
    expect(placeSentence("visit", null, HOUSE)).toBe("这次走访没有定位。");
    expect(placeSentence("visit", measured(1, false), null)).toContain("还没有登记位置");
    expect(placeSentence("visit", { ...measured(0, false), distance_m: null }, { ...HOUSE, placed_by_this_visit: true })).toContain("这次走访登记的");
  });
});

describe("times in words", () => {
  const now = new Date(2026, 10, 21, 18, 0);
  it("names day, weekday and time, the year only when it is another", () => {
    expect(moment(new Date(2026, 10, 21, 15, 4).toISOString(), now)).toBe("11月21日 周六 15:04");
    expect(moment(new Date(2025, 10, 21, 15, 4).toISOString(), now)).toContain("2025年");
    expect(shortMoment(new Date(2026, 0, 2, 3, 4).toISOString(), now)).toBe("01-02 03:04");
    expect(shortMoment(null)).toBe("–");
    expect(moment("not a time")).toBe("not a time");
  });

  it.each([[40 * 60_000, "40 分钟"], [65 * 60_000, "1 小时 5 分钟"], [120 * 60_000, "2 小时"], [72 * 3_600_000, "3 天"]])("says %s ms as %s", (ms, words) => {
    expect(duration(ms)).toBe(words);
  });

  it("tells how the phone's clock stood, without judging it", () => {
    const clock = (device: string, jumped = false) => ({ server_time_seen: "2026-11-21T10:00:00Z", device_time_then: device, jumped });
    expect(clockSentence(clock("2026-11-21T10:00:30Z"))).toBe("与服务器一致（相差不到 1 分钟）");
    expect(clockSentence(clock("2026-11-21T10:02:00Z"))).toBe("比服务器快 2 分钟");
    expect(clockSentence(clock("2026-11-21T18:00:00+08:00"))).toContain("一致");
    expect(clockSentence(clock("2026-11-21T07:00:00Z", true))).toBe("比服务器慢 3 小时 走访期间手机时间调整过。");
    expect(clockSentence(null)).toBeNull();
  });
});

describe("the catalogues", () => {
  const keys = (part: object, at = ""): string[] => Object.entries(part).flatMap(([key, value]) => (typeof value === "string" ? [at + key] : keys(value as object, `${at}${key}.`)));
  const blanks = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as string))].sort(); // one and several say it twice
  const at = (part: object, path: string): string => path.split(".").reduce<unknown>((below, key) => (below as Record<string, unknown>)[key], part) as string;

  it("say the same things in both languages", () => {
    expect(keys(en).sort()).toEqual(keys(zh).sort());
    for (const key of keys(zh)) expect([key, blanks(at(en, key))]).toEqual([key, blanks(at(zh, key))]);
  });

  it("never shout", () => {
    for (const catalogue of [zh, en]) expect(keys(catalogue).filter((key) => /[!！]/.test(at(catalogue, key)))).toEqual([]);
  });
});

describe("several names in one line", () => {
  it("parts them as the language that is read now does", () => {
    expect([joined(["王军", 3]), clauses(["甲", "乙"])]).toEqual(["王军、3", "甲；乙"]);
    setLanguage("en");
    expect([joined(["王军", 3]), clauses(["a", "b"])]).toEqual(["王军, 3", "a; b"]);
  });

  it("is the only way in which the console's pages part them", () => {
    const sources = import.meta.glob<string>(["../**/*.vue", "../**/*.ts", "!../tests/**", "!../joined.ts"], { query: "?raw", import: "default", eager: true });
    expect(Object.keys(sources).length).toBeGreaterThan(100);
    expect(Object.entries(sources).filter(([, text]) => /\.join\("[、，；]"\)/.test(text)).map(([name]) => name)).toEqual([]);
  });
});

describe("what went wrong", () => {
  const refused = new Problem("policy.state", { status: 409, detail: "approved", words: { zh: "已经批准，不能再改。", en: "It is approved." } });

  it("is told in the language of the page, never by a bare fact", () => {
    expect(problemWords(refused)).toBe("已经批准，不能再改。");
    setLanguage("en");
    expect(problemWords(refused)).toBe("It is approved.");
    expect(problemWords(new Problem("http.502", { status: 502, detail: "<html>" }))).not.toContain("html");
  });
});
