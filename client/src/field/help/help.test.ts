// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import en from "./en.json";
import { CHECKS, STEPS, TOPICS, topicOf } from "./topics";
import zh from "./zh.json";

interface Tree { [key: string]: string | Tree }
const keys = (tree: Tree, above = ""): string[] => Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [above + key] : keys(value, `${above}${key}.`)));

test("help says the same in both languages, without shouting", () => {
  expect(keys(en).sort()).toEqual(keys(zh).sort());
  expect(JSON.stringify([zh, en])).not.toMatch(/[!！]/);
});

test("every topic, step and check has its texts, and no text is left over", () => {
  const known = new Set(keys(zh));
  for (const { name, parts } of TOPICS) {
    expect(keys(zh.help[name] as Tree).length).toBe(parts + 1);
    for (let n = 1; n <= parts; n += 1) expect(known).toContain(`help.${name}.p${n}`);
  }
  for (const name of CHECKS) expect(keys(zh.my_data.checks[name] as Tree)).toEqual(["asks", "uses"]);
  for (const name of STEPS) expect(known).toContain(`tour.${name}.text`);
  expect([topicOf("visit")?.icon, topicOf("nothing")]).toEqual(["draft", undefined]);
});

test("what the pages ask for is there, and they hold no text of their own", () => {
  const all = new Set([...keys(zh), ...keys(JSON.parse(readFileSync(join(__dirname, "../i18n/zh.json"), "utf8")) as Tree)]);
  for (const name of readdirSync(__dirname).filter((one) => one.endsWith(".vue"))) {
    const text = readFileSync(join(__dirname, name), "utf8");
    expect([name, [...text.matchAll(/\bt\("([a-z_.]+)"/g)].map((match) => match[1] ?? "").filter((key) => !all.has(key))]).toEqual([name, []]);
    expect([name, /[\u4e00-\u9fff]/.test(text)]).toEqual([name, false]);
  }
});
