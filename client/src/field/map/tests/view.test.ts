// @vitest-environment node
import fc from "fast-check";
import { expect, test } from "vitest";
import { metresBetween } from "@lib/capture";
import { project, unproject } from "@lib/mercator";
import { dragged } from "../fingers";
import { around, cellsOf, isIn, nearer, onScreen, onWorld, scaleBar, type View } from "../view";

const HOUSE = { lon: 107.910721, lat: 25.956772 };
const view: View = { ...project(HOUSE), zoom: 15, width: 360, height: 400 };
const places = fc.record({ lon: fc.double({ min: 73, max: 135, noNaN: true }), lat: fc.double({ min: 18, max: 54, noNaN: true }) });

test("a place comes back from the world of the map as it was", () => {
  fc.assert(fc.property(places, (at) => {
    const back = unproject(project(at));
    expect(back.lon).toBeCloseTo(at.lon, 9);
    expect(back.lat).toBeCloseTo(at.lat, 9);
  }));
});

test("a tile is that of the common scheme", () => {
  // Zoom 15 of this place by the formula of the scheme (n = 2^15): x 26206, y 13938.
  const n = 2 ** 15;
  const { x, y } = project(HOUSE);
  const turn = (HOUSE.lat * Math.PI) / 180;
  expect(Math.floor(x * n)).toBe(Math.floor(((HOUSE.lon + 180) / 360) * n));
  expect(Math.floor(y * n)).toBe(Math.floor(((1 - Math.asinh(Math.tan(turn)) / Math.PI) / 2) * n));
  expect(cellsOf(view).some((cell) => cell.z === 15 && cell.x === Math.floor(x * n) && cell.y === Math.floor(y * n))).toBe(true);
});

test("the scale bar is as long as the ground that it stands for", () => {
  const { metres, pixels } = scaleBar(view);
  const [from, to] = [onWorld(view, { x: 180, y: 200 }), onWorld(view, { x: 180 + pixels, y: 200 })].map(unproject);
  expect(Math.abs(metresBetween(from!, to!) - metres) / metres).toBeLessThan(0.01);
  expect(pixels).toBeLessThanOrEqual(96);
});

test("what lies under the finger stays under it when the map comes nearer", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 360 }), fc.integer({ min: 0, max: 400 }), fc.double({ min: -3, max: 3, noNaN: true }), (x, y, steps) => {
    const fixed = onWorld(view, { x, y });
    const now = onScreen(nearer(view, steps, { x, y }), fixed);
    expect(now.x).toBeCloseTo(x, 3);
    expect(now.y).toBeCloseTo(y, 3);
  }));
});

test("two fingers that part bring the map nearer, and one drags it", () => {
  const apart = dragged(view, [{ x: 100, y: 200 }, { x: 200, y: 200 }], [{ x: 50, y: 200 }, { x: 250, y: 200 }]);
  expect(apart.zoom).toBeCloseTo(16, 6);
  const house = onScreen(dragged(view, [{ x: 10, y: 10 }], [{ x: 60, y: 30 }]), project(HOUSE));
  expect([house.x, house.y].map(Math.round)).toEqual([230, 220]);
});

test("all households are on the map that is to show all", () => {
  fc.assert(fc.property(fc.array(places, { minLength: 1, maxLength: 30 }).filter((all) => new Set(all.map(({ lon }) => Math.round(lon))).size < 4), (all) => {
    const near = all.map(({ lon, lat }) => project({ lon: 107 + (lon % 1), lat: 25 + (lat % 1) }));
    const whole = around(view, near);
    expect(near.every((spot) => isIn(whole, spot))).toBe(true);
  }));
});
