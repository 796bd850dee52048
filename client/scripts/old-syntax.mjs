/** Reads every script that a phone loads as Chrome 90 would: prints what is newer syntax, and fails then. */
import { readFileSync } from "node:fs";
import { parse } from "acorn";

const dist = new URL("../dist/", import.meta.url);
const read = (url) => readFileSync(new URL(url.slice(1), dist), "utf8");
const listed = JSON.parse(JSON.parse(/JSON\.parse\(("\[.*?\]")\)/.exec(read("/sw.js"))[1]));
const scripts = ["/sw.js", ...listed.filter((url) => /\.m?js$/.test(url))];

/** ECMAScript 2022 that Chrome 90 lacks: static blocks (94), `#x in object` (91). What is newer than 2022 acorn refuses. */
const isNew = (node) => node.type === "StaticBlock" || (node.type === "BinaryExpression" && node.left.type === "PrivateIdentifier");

function* nodes(node) {
  if (Array.isArray(node)) { for (const one of node) yield* nodes(one); return; }
  if (!node || typeof node.type !== "string") return;
  yield node;
  for (const value of Object.values(node)) if (value && typeof value === "object") yield* nodes(value);
}

function faults(url) {
  try {
    const tree = parse(read(url), { ecmaVersion: 2022, sourceType: "module" });
    return [...nodes(tree)].filter(isNew).map((node) => `${url}: ${node.type} at ${node.start}`);
  } catch (cause) {
    return [`${url}: ${cause.message}`];
  }
}

const found = scripts.flatMap(faults);
for (const fault of found) console.log(fault);
console.log(`${scripts.length} scripts read as Chrome 90 would, ${found.length} faults`);
if (found.length || scripts.length < 10) process.exit(1);
