// @vitest-environment node
import { expect, test } from "vitest";
import type { Sheet } from "@lib/ground-pieces";
import { project } from "@lib/mercator";
import { loadsFor, weighed } from "../taking";

const sheet = (max: number, id = "tiles-0"): Sheet => ({ id, kind: "raster", min: 0, max, read: async ({ z }) => new Uint8Array(z) });
const village = [project({ lon: 107.9, lat: 25.95 }), project({ lon: 107.93, lat: 25.97 })];

test("the pieces of every depth cover all households, and a little beside", () => {
  const loads = loadsFor([sheet(18)], village);
  for (let z = 9; z <= 16; z += 1) {
    const at = new Set(loads.filter(({ piece }) => piece.z === z).map(({ piece }) => `${piece.x}/${piece.y}`));
    for (const { x, y } of village) for (const beside of [-1e-5, 0, 1e-5]) expect(at).toContain(`${Math.floor((x + beside) * 2 ** z)}/${Math.floor((y + beside) * 2 ** z)}`);
  }
  expect(loads.length).toBeLessThan(200);
});

test("households far apart get less depth, never more pieces than a phone takes", () => {
  const county = [project({ lon: 107, lat: 25 }), project({ lon: 108.5, lat: 26.5 })];
  const loads = loadsFor([sheet(18), sheet(14, "file-1")], county);
  expect(loads.length).toBeLessThanOrEqual(1400);
  expect(Math.max(...loads.map(({ piece }) => piece.z))).toBeLessThan(14);
  expect(loadsFor([sheet(18)], [])).toEqual([]);
});

test("the weight is reckoned from one piece of each depth", async () => {
  const loads = loadsFor([sheet(10)], village);
  const expected = loads.reduce((sum, { piece }) => sum + piece.z, 0);
  expect(await weighed(loads)).toBe(expected);
});
