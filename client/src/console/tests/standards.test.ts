import { addMessages, setLanguage } from "@lib/i18n";
import { beforeEach, describe, expect, it } from "vitest";
import "../evidence/words";
import { measure } from "../evidence/measures";
import en from "../i18n/en.json";
import zh from "../i18n/zh.json";
import { isStandard, standardWords } from "../standards";

addMessages({ zh, en });
beforeEach(() => setLanguage("zh"));

describe("the standard that something was judged by", () => {
  it.each([
    ["national-2026", "全国标准（2026 年）"],
    ["national_2021 2021-05-01", "全国标准（2021 年，2021-05-01 起）"],
    ["national_2017@2017-01-01", "全国标准（2017 年，2017-01-01 起）"],
    ["990101-2026-01-02-0a1b2c3d", "990101定的标准（2026-01-02 起）"],
    ["xuxian-2026", "xuxian-2026"],
    ["national_2021 and more", "national_2021 and more"],
    ["", ""],
  ])("says %s as %s", (id, words) => expect(standardWords(id)).toBe(words));

  it("stands in properties that are named after it", () => {
    expect(["policy", "water_policy"].every(isStandard)).toBe(true);
    expect(["policy_from", "house_policy_from", "policyholder"].some(isStandard)).toBe(false);
  });
});

it("counts one place and several places in English", () => {
  setLanguage("en");
  expect([measure("DUP_EXACT", 1), measure("DUP_EXACT", 3), measure("DIST_HH", 1.26)]).toEqual(["1 place", "3 places", "1.3 m"]);
});
