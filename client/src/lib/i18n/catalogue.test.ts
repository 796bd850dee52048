// @vitest-environment node
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import ownEn from "../../field/i18n/en.json";
import ownZh from "../../field/i18n/zh.json";
import sharedEn from "./en.json";
import sharedZh from "./zh.json";

const en = { ...sharedEn, ...ownEn };
const zh = { ...sharedZh, ...ownZh };

interface Tree { [key: string]: string | Tree }
const keys = (tree: Tree, above = ""): string[] => Object.entries(tree).flatMap(([key, value]) => (typeof value === "string" ? [above + key] : keys(value, `${above}${key}.`)));
const values = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? ""))].sort();
const at = (tree: Tree, key: string): string => key.split(".").reduce<string | Tree>((node, step) => (node as Tree)[step] ?? "", tree) as string;

const root = join(__dirname, "..", "..");
const sources = ["field/pages", "field/parts", "field/state"].flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
  .concat(join(root, "field", "App.vue")).map((path) => [path, readFileSync(path, "utf8")] as const);

test("no word stands both among those that the console shares and among the phone's own", () => {
  expect(Object.keys(ownZh).filter((name) => name in sharedZh)).toEqual([]);
});

test("both languages say the same things with the same values", () => {
  expect(keys(en).sort()).toEqual(keys(zh).sort());
  for (const key of keys(zh)) expect([key, values(at(en, key))]).toEqual([key, values(at(zh, key))]);
});

test("every text that a page asks for is in the catalogue", () => {
  const known = new Set(keys(zh));
  const asked = sources.flatMap(([path, text]) => [...text.matchAll(/\bt\("([a-z_.]+)"/g)].map((match) => [path, match[1] ?? ""] as const));
  expect(asked.length).toBeGreaterThan(100);
  expect(asked.filter(([, key]) => !known.has(key))).toEqual([]);
});

test("no page holds text of its own, save the names of the languages", () => {
  const own = sources.flatMap(([path, text]) => text.split("\n").map((line) => [path, line] as const))
    .filter(([, line]) => /[\u4e00-\u9fff]/.test(line) && !/^\s*(\/\/|\*|\/\*)|"中文"/.test(line) && !line.includes("/**"));
  expect(own).toEqual([]);
});

test("the voice has no exclamation marks", () => {
  for (const tree of [zh, en]) expect(keys(tree).filter((key) => /[!！]/.test(at(tree, key)))).toEqual([]);
});
