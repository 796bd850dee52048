/** Proves that a phone which judges household after household keeps none of them: each weighs megabytes. */
import type { RootNode } from "@getodk/xforms-engine";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it, vi } from "vitest";
import { instanceXmlOf } from "../engine";
import { judge } from "../rule-check";
import { openOn, SEEN } from "./open";
import xform from "./fixtures/members.xml?raw";

const made: WeakRef<RootNode>[] = [];

vi.mock("../engine", async (original) => {
  const engine = await original<typeof import("../engine")>();
  const seen = (root: RootNode): RootNode => { made.push(new WeakRef(root)); return root; };
  return {
    ...engine,
    openForm: async (...given: Parameters<typeof engine.openForm>) => { const open = await engine.openForm(...given); seen(open.root); return open; },
    restoredInstance: async (...given: Parameters<typeof engine.restoredInstance>) => seen(await engine.restoredInstance(...given)),
  };
});

async function collectGarbage(): Promise<void> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // A weak reference holds until the end of the turn in which it was made.
  for (let round = 0; round < 3; round += 1) { await new Promise((done) => setTimeout(done, 10)); collect(); }
}

it("keeps no household that it judged but the engine's last", async () => {
  const instance = instanceXmlOf((await openOn(SEEN)).root);
  for (let household = 0; household < 6; household += 1) expect(await judge(xform, instance)).toContain("</data>");
  await collectGarbage();
  expect(made.length).toBeGreaterThanOrEqual(6);
  expect(made.filter((root) => root.deref()).length).toBeLessThanOrEqual(1);
});
