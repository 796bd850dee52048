/** A vector piece of the ground as lines and areas. Borders of a ground are never drawn (lib/ground.ts). */
import type { VectorTile, VectorTileLayer } from "@mapbox/vector-tile";
import { LOOKS, type Look } from "@lib/ground";
import type { Part } from "./ground-cells";

const ORDER: Look[] = ["green", "water", "houses", "paths", "lines", "names"];
const FILLS: Partial<Record<Look, string>> = { green: "#e3ecdd", water: "#c5dbe8", houses: "#dcd7cf" };
const LINES: Partial<Record<Look, { ink: string; width: number; rim?: string }>> = {
  water: { ink: "#a9c8db", width: 1 }, paths: { ink: "#ffffff", width: 2.5, rim: "#b9c2bb" }, lines: { ink: "#c9cfc9", width: 1 },
};
const POINT = 1;
const AREA = 3;

export function drawLines(ctx: CanvasRenderingContext2D, tile: VectorTile, part: Part, side: number, language: string): void {
  const drawn = Object.values(tile.layers).flatMap((layer) => {
    const look = layer.name in LOOKS ? LOOKS[layer.name] : "lines";
    return look ? [{ layer, look }] : [];
  });
  ctx.save();
  ctx.translate(-part.right * side, -part.down * side);
  for (const { layer, look } of drawn.sort((a, b) => ORDER.indexOf(a.look) - ORDER.indexOf(b.look))) {
    const factor = (part.scale * side) / layer.extent;
    if (look === "names") drawNames(ctx, layer, factor, language);
    else drawLayer(ctx, layer, look, factor);
  }
  ctx.restore();
}

function drawLayer(ctx: CanvasRenderingContext2D, layer: VectorTileLayer, look: Look, factor: number): void {
  const areas = new Path2D();
  const lines = new Path2D();
  for (let n = 0; n < layer.length; n += 1) {
    const feature = layer.feature(n);
    if (feature.type !== POINT) trace(feature.type === AREA ? areas : lines, feature.loadGeometry(), factor);
  }
  const fill = FILLS[look];
  if (fill) {
    ctx.fillStyle = fill;
    ctx.fill(areas, "evenodd");
  }
  stroke(ctx, lines, look);
}

function stroke(ctx: CanvasRenderingContext2D, lines: Path2D, look: Look): void {
  const line = LINES[look];
  if (!line) return;
  const ratio = Math.min(2, window.devicePixelRatio || 1);
  ctx.lineJoin = ctx.lineCap = "round";
  for (const [ink, width] of [[line.rim, line.width + 1.5], [line.ink, line.width]] as const) {
    if (!ink) continue;
    ctx.strokeStyle = ink;
    ctx.lineWidth = width * ratio;
    ctx.stroke(lines);
  }
}

function trace(path: Path2D, rings: { x: number; y: number }[][], factor: number): void {
  for (const ring of rings) ring.forEach(({ x, y }, n) => (n === 0 ? path.moveTo(x * factor, y * factor) : path.lineTo(x * factor, y * factor)));
}

function drawNames(ctx: CanvasRenderingContext2D, layer: VectorTileLayer, factor: number, language: string): void {
  ctx.font = `${12 * Math.min(2, window.devicePixelRatio || 1)}px system-ui, sans-serif`;
  ctx.textAlign = "center";
  for (let n = 0; n < layer.length; n += 1) {
    const feature = layer.feature(n);
    const at = feature.type === POINT ? feature.loadGeometry()[0]?.[0] : undefined;
    const { name, ...more } = feature.properties;
    const text = (language === "en" ? more["name:en"] : (more["name:zh-Hans"] ?? more["name:zh"])) ?? name;
    if (at && text) write(ctx, String(text), at.x * factor, at.y * factor);
  }
}

export function write(ctx: CanvasRenderingContext2D, text: string, x: number, y: number, ink = "#5d6963"): void {
  ctx.lineJoin = "round";
  ctx.lineWidth = 3;
  ctx.strokeStyle = "rgb(255 255 255 / 90%)";
  ctx.fillStyle = ink;
  ctx.strokeText(text, x, y);
  ctx.fillText(text, x, y);
}
