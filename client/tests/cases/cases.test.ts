/** Reads jobs from the folder RUHU_CASES and writes their outcomes beside them; tests/forms/phone_engine.py starts it. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fill, type Job } from "./fill";

// The engine's expression parser looks for these two names outside a browser.
Object.assign(globalThis, { __dirname: ".", require: createRequire(`${process.cwd()}/`) });

const folder = process.env["RUHU_CASES"] ?? "";
const names = folder ? readdirSync(folder).filter((name) => name.endsWith(".jobs.json")) : [];

it.each(names)("fills %s", async (name) => {
  const { xform, jobs } = JSON.parse(readFileSync(join(folder, name), "utf-8")) as { xform: string; jobs: Job[] };
  const outcomes = [];
  for (const job of jobs) outcomes.push(await fill(xform, job));
  writeFileSync(join(folder, name.replace(".jobs.", ".outcomes.")), JSON.stringify(outcomes));
  expect(outcomes).toHaveLength(jobs.length);
});
