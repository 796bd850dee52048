/** PURE: which part of the world a map shows, and how it moves under fingers and buttons. Lengths on the screen in CSS pixels. */
import { metresAcross, type Spot } from "@lib/mercator";

/** `x`, `y`: the middle, on the world of mercator.ts. At `zoom` the world is 256 * 2^zoom pixels wide. */
export interface View { x: number; y: number; zoom: number; width: number; height: number }
export interface Point { x: number; y: number }

export const SHALLOWEST = 7;
export const DEEPEST = 19;
/** Nothing is brought nearer than this by itself: a single house with its lane. */
const NEAR = 17;
const MARGIN = 36;
/** Of the buttons at the right. */
const BUTTONS = 40;
const CELL = 256;

export const pixelsAcross = (zoom: number): number => CELL * 2 ** zoom;
const bounded = (zoom: number): number => Math.max(SHALLOWEST, Math.min(DEEPEST, zoom));

export function onScreen(view: View, spot: Spot): Point {
  const across = pixelsAcross(view.zoom);
  return { x: (spot.x - view.x) * across + view.width / 2, y: (spot.y - view.y) * across + view.height / 2 };
}

export function onWorld(view: View, point: Point): Spot {
  const across = pixelsAcross(view.zoom);
  return { x: view.x + (point.x - view.width / 2) / across, y: view.y + (point.y - view.height / 2) / across };
}

/** What lies under the finger goes with it, by so many pixels. */
export function moved(view: View, right: number, down: number): View {
  const across = pixelsAcross(view.zoom);
  return { ...view, x: view.x - right / across, y: Math.max(0, Math.min(1, view.y - down / across)) };
}

/** Nearer by so many steps (each doubles); what lies at `at` stays there. */
export function nearer(view: View, steps: number, at: Point = { x: view.width / 2, y: view.height / 2 }): View {
  const fixed = onWorld(view, at);
  const next = { ...view, zoom: bounded(view.zoom + steps) };
  const now = onScreen(next, fixed);
  return moved(next, at.x - now.x, at.y - now.y);
}

/** All of these spots, as near as they allow. */
export function around(view: View, spots: Spot[]): View {
  if (spots.length === 0) return view;
  const [left, right] = extent(spots.map(({ x }) => x));
  const [top, bottom] = extent(spots.map(({ y }) => y));
  const room = Math.min((view.width - 2 * MARGIN - BUTTONS) / Math.max(right - left, 1e-9), (view.height - 2 * MARGIN) / Math.max(bottom - top, 1e-9));
  const zoom = Math.max(SHALLOWEST, Math.min(NEAR, Math.log2(Math.max(room, 1) / CELL)));
  return moved({ ...view, x: (left + right) / 2, y: (top + bottom) / 2, zoom }, -BUTTONS / 2, 0);
}

function extent(numbers: number[]): [number, number] {
  return numbers.reduce(([least, most], n) => [Math.min(least, n), Math.max(most, n)], [Infinity, -Infinity]);
}

export const isIn = (view: View, spot: Spot): boolean => {
  const { x, y } = onScreen(view, spot);
  return x >= 0 && y >= 0 && x <= view.width && y <= view.height;
};

/** Pixels that so many metres have in the middle of the map. */
export const pixelsOf = (view: View, metres: number): number => (metres / metresAcross(view)) * pixelsAcross(view.zoom);

/** A round length of at most 96 pixels. */
export function scaleBar(view: View): { metres: number; pixels: number } {
  const most = 96 / pixelsOf(view, 1);
  const ten = 10 ** Math.floor(Math.log10(most));
  const metres = [5, 2, 1].map((n) => n * ten).find((n) => n <= most) ?? ten;
  return { metres, pixels: pixelsOf(view, metres) };
}

/** A square of the ground, by its numbers in the common scheme of tiles, and where it lies on the screen. */
export interface Cell { z: number; x: number; y: number; left: number; top: number; size: number }

export function cellsOf(view: View): Cell[] {
  const z = Math.round(view.zoom);
  const size = pixelsAcross(view.zoom) / 2 ** z;
  const from = onWorld(view, { x: 0, y: 0 });
  const to = onWorld(view, { x: view.width, y: view.height });
  const cells: Cell[] = [];
  for (let y = Math.max(0, Math.floor(from.y * 2 ** z)); y <= Math.min(2 ** z - 1, Math.floor(to.y * 2 ** z)); y += 1) {
    for (let x = Math.floor(from.x * 2 ** z); x <= Math.floor(to.x * 2 ** z); x += 1) {
      const at = onScreen(view, { x: x / 2 ** z, y: y / 2 ** z });
      cells.push({ z, x, y, left: at.x, top: at.y, size });
    }
  }
  return cells;
}
