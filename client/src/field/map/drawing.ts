/** Draws the map: ground, boundaries with their names, households, and oneself. */
import type { Geometry, Position } from "geojson";
import type { Boundary } from "@lib/boundaries";
import { project, type Spot } from "@lib/mercator";
import type { GroundCells } from "./ground-cells";
import { write } from "./ground-lines";
import { MARKS, type Standing } from "./marks";
import { cellsOf, onScreen, pixelsAcross, pixelsOf, type Point, type View } from "./view";

export interface Outline { code: string; level: string; rings: Spot[][]; middle: Spot; width: number }
export interface Mark { id: string; name: string; standing: Standing; spot: Spot }
export interface Me { spot: Spot; accuracy: number }
export interface Scene { outlines: Outline[]; nameOf(code: string): string; marks: Mark[]; chosen: string; me: Me | null; cells: GroundCells | null }

/** Names stand beside households only where there is room for them. */
const MOST_NAMES = 40;
const WIDTHS: Record<string, number> = { group: 1, village: 1.6, township: 2.2, county: 2.6 };

export function outlineOf({ code, level, geometry }: Boundary): Outline {
  const rings = ringsOf(geometry).map((ring) => ring.map(([lon = 0, lat = 0]) => project({ lon, lat })));
  const all = rings.flat();
  const [left, right, top, bottom] = all.reduce<[number, number, number, number]>(([l, r, t, b], { x, y }) => [Math.min(l, x), Math.max(r, x), Math.min(t, y), Math.max(b, y)], [1, 0, 1, 0]);
  return { code, level, rings, middle: { x: (left + right) / 2, y: (top + bottom) / 2 }, width: right - left };
}

function ringsOf(geometry: Geometry): Position[][] {
  if (geometry.type === "Polygon") return geometry.coordinates;
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat();
  return geometry.type === "GeometryCollection" ? geometry.geometries.flatMap(ringsOf) : [];
}

export function draw(ctx: CanvasRenderingContext2D, view: View, scene: Scene): void {
  ctx.fillStyle = "#f1f3ef";
  ctx.fillRect(0, 0, view.width, view.height);
  if (scene.cells) drawGround(ctx, view, scene.cells);
  for (const outline of scene.outlines) drawOutline(ctx, view, outline);
  for (const outline of scene.outlines) drawName(ctx, view, outline, scene.nameOf(outline.code));
  if (scene.me) drawAccuracy(ctx, view, scene.me);
  drawMarks(ctx, view, scene);
  if (scene.me) drawMe(ctx, view, scene.me);
}

function drawGround(ctx: CanvasRenderingContext2D, view: View, cells: GroundCells): void {
  for (const cell of cellsOf(view)) {
    const picture = cells.at(cell);
    // Half a pixel more, so that no line shows between two of them.
    if (picture) ctx.drawImage(picture, cell.left, cell.top, cell.size + 0.5, cell.size + 0.5);
  }
}

function drawOutline(ctx: CanvasRenderingContext2D, view: View, { level, rings }: Outline): void {
  ctx.beginPath();
  for (const ring of rings) {
    ring.forEach((spot, n) => {
      const { x, y } = onScreen(view, spot);
      if (n === 0) ctx.moveTo(x, y);
      else ctx.lineTo(x, y);
    });
    ctx.closePath();
  }
  ctx.lineWidth = WIDTHS[level] ?? 1;
  ctx.strokeStyle = "#7a8a80";
  ctx.setLineDash(level === "group" ? [4, 3] : []);
  ctx.stroke();
  ctx.setLineDash([]);
}

/** Only where it is not wider than its area. */
function drawName(ctx: CanvasRenderingContext2D, view: View, { middle, width }: Outline, name: string): void {
  ctx.font = "13px system-ui, sans-serif";
  ctx.textAlign = "center";
  const room = width * pixelsAcross(view.zoom);
  const at = onScreen(view, middle);
  if (ctx.measureText(name).width < room && room < 4 * view.width) write(ctx, name, at.x, at.y);
}

function drawAccuracy(ctx: CanvasRenderingContext2D, view: View, { spot, accuracy }: Me): void {
  const { x, y } = onScreen(view, spot);
  disc(ctx, x, y, Math.max(10, pixelsOf(view, accuracy)), "rgb(30 90 168 / 14%)", "rgb(30 90 168 / 55%)", 1);
}

function drawMe(ctx: CanvasRenderingContext2D, view: View, { spot }: Me): void {
  const { x, y } = onScreen(view, spot);
  disc(ctx, x, y, 6, "#1e5aa8", "#ffffff", 2.5);
}

function disc(ctx: CanvasRenderingContext2D, x: number, y: number, radius: number, fill: string, rim: string, width: number): void {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.fillStyle = fill;
  ctx.strokeStyle = rim;
  ctx.lineWidth = width;
  ctx.fill();
  ctx.stroke();
}

/** Pixels across a mark: smaller where many stand close together. */
export const sizeOf = (view: View): number => Math.max(13, Math.min(24, 13 + (view.zoom - 13) * 4));

function drawMarks(ctx: CanvasRenderingContext2D, view: View, { marks, chosen }: Scene): void {
  const seen = marks.map((mark) => ({ mark, at: onScreen(view, mark.spot) })).filter(({ at }) => at.x > -20 && at.y > -20 && at.x < view.width + 20 && at.y < view.height + 20);
  for (const { mark, at } of [...seen].reverse()) drawMark(ctx, mark, at, sizeOf(view), mark.id === chosen);
  const named = seen.length <= MOST_NAMES ? seen : seen.filter(({ mark }) => mark.id === chosen);
  ctx.font = "13px system-ui, sans-serif";
  ctx.textAlign = "left";
  const taken: { x: number; y: number; width: number }[] = [];
  for (const { mark, at } of named) drawMarkName(ctx, mark, { x: at.x + sizeOf(view) / 2 + 3, y: at.y + 4 }, taken);
}

function drawMark(ctx: CanvasRenderingContext2D, { standing }: Mark, { x, y }: Point, size: number, isChosen: boolean): void {
  const { path, ink, fill } = MARKS[standing];
  if (isChosen) disc(ctx, x, y, size * 0.85, "rgb(31 107 87 / 25%)", "#17523f", 2);
  ctx.save();
  ctx.translate(x - size / 2, y - size / 2);
  ctx.scale(size / 24, size / 24);
  const shape = new Path2D(path);
  ctx.fillStyle = fill;
  ctx.strokeStyle = ink;
  ctx.lineWidth = standing === "open" ? 4 : 2;
  ctx.fill(shape);
  ctx.stroke(shape);
  ctx.restore();
}

/** A name that would lie over another one is left out. */
function drawMarkName(ctx: CanvasRenderingContext2D, { name }: Mark, at: Point, taken: { x: number; y: number; width: number }[]): void {
  const width = ctx.measureText(name).width;
  if (taken.some((other) => Math.abs(other.y - at.y) < 15 && at.x < other.x + other.width && other.x < at.x + width)) return;
  taken.push({ ...at, width });
  write(ctx, name, at.x, at.y, "#1d2521");
}

/** Marks under a finger, nearest first. */
export function marksAt(view: View, marks: Mark[], point: Point): Mark[] {
  const reach = Math.max(24, sizeOf(view));
  const near = marks.map((mark) => ({ mark, at: onScreen(view, mark.spot) })).map(({ mark, at }) => ({ mark, far: Math.hypot(at.x - point.x, at.y - point.y) }));
  return near.filter(({ far }) => far <= reach).sort((a, b) => a.far - b.far).map(({ mark }) => mark);
}
