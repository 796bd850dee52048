import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import en from "../en.json";
import { STANDINGS } from "../marks";
import zh from "../zh.json";

interface Tree { [key: string]: string | Tree }
const keys = (tree: Tree, above = ""): string[] => Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [above + key] : keys(value, `${above}${key}.`)));

test("the map says the same in both languages, without shouting", () => {
  expect(keys(en).sort()).toEqual(keys(zh).sort());
  expect(JSON.stringify([zh, en])).not.toMatch(/[!！]/);
  expect(Object.keys(zh.map.standing)).toEqual([...STANDINGS]);
});

test("what the map's pages ask for is there, and they hold no text of their own", () => {
  const own = JSON.parse(readFileSync(join(__dirname, "../../i18n/zh.json"), "utf8")) as Tree;
  const all = new Set([...keys(zh), ...keys(own)]);
  for (const name of readdirSync(join(__dirname, "..")).filter((one) => one.endsWith(".vue"))) {
    const text = readFileSync(join(__dirname, "..", name), "utf8");
    expect([name, [...text.matchAll(/\bt\("([a-z_.]+)"/g)].map((match) => match[1] ?? "").filter((key) => !all.has(key))]).toEqual([name, []]);
    expect([name, /[\u4e00-\u9fff]/.test(text)]).toEqual([name, false]);
  }
});
