/** Households, visits and photos as vector tiles: marks with ids, and far out circles with how many there are. */
import type { Map as GlMap, VectorTileSource } from "maplibre-gl";
import { COLOURS, type Mark, PATHS } from "./markers";

export const LAYERS = ["households", "submissions", "photos"] as const;
export type LayerName = (typeof LAYERS)[number];
export const MARKS: Record<LayerName, Mark> = { households: "house", submissions: "visit", photos: "photo" };
/** Pixels that a heap is moved aside, so that the three stand beside each other. */
const ASIDE: Record<LayerName, number> = { households: 0, submissions: 34, photos: -34 };
const DEEPEST = 15;
const PIXELS = 2;

/** The layers that an address names; without any, households and visits. */
export function layersOf(text: unknown): LayerName[] {
  if (typeof text !== "string") return ["households", "submissions"];
  return LAYERS.filter((name) => text.split(",").includes(name));
}

/** What the tiles are narrowed to: an area, and for visits and photos a time (`from` is in, `to` out). */
export interface Narrowed { area: string | null; from?: string | undefined; to?: string | undefined }

export function tileAddress(name: LayerName, { area, from, to }: Narrowed): string {
  const asked = Object.entries({ region: area, ...(name === "households" ? {} : { from, to }) }).filter((pair): pair is [string, string] => Boolean(pair[1]));
  return `${location.origin}/api/v1/tiles/${name}/{z}/{x}/{y}.mvt${asked.length ? `?${new URLSearchParams(asked)}` : ""}`;
}

export function addTileLayers(map: GlMap, to: Narrowed): void {
  for (const name of ["photos", "submissions", "households"] as const) {
    map.addImage(name, picture(MARKS[name]), { pixelRatio: PIXELS });
    map.addSource(name, { type: "vector", tiles: [tileAddress(name, to)], maxzoom: DEEPEST });
    const from = { source: name, "source-layer": name };
    map.addLayer({ ...from, id: name, type: "symbol", filter: ["!", ["has", "count"]], layout: { "icon-image": name, "icon-allow-overlap": true, "icon-ignore-placement": true, "icon-size": ["interpolate", ["linear"], ["zoom"], 11, 0.6, 15, 1], ...(name === "photos" ? { "icon-offset": [10, -9] } : {}) } });
    const translate: [number, number] = [ASIDE[name], 0];
    map.addLayer({
      ...from, id: `${name}-heap`, type: "circle", filter: ["has", "count"],
      paint: { "circle-radius": ["interpolate", ["linear"], ["get", "count"], 1, 10, 1000, 20], "circle-color": COLOURS[MARKS[name]], "circle-opacity": 0.92, "circle-stroke-color": "#ffffff", "circle-stroke-width": 1.5, "circle-translate": translate },
    });
    map.addLayer({
      ...from, id: `${name}-count`, type: "symbol", filter: ["has", "count"],
      layout: { "text-field": ["to-string", ["get", "count"]], "text-size": 12, "text-font": ["sans-serif"], "text-allow-overlap": true, "text-ignore-placement": true }, paint: { "text-color": "#ffffff", "text-translate": translate },
    });
  }
}

export function narrow(map: GlMap, to: Narrowed): void {
  for (const name of LAYERS) (map.getSource(name) as VectorTileSource | undefined)?.setTiles([tileAddress(name, to)]);
}

export function showLayers(map: GlMap, shown: readonly LayerName[]): void {
  for (const name of LAYERS) {
    for (const id of [name, `${name}-heap`, `${name}-count`]) map.setLayoutProperty(id, "visibility", shown.includes(name) ? "visible" : "none");
  }
}

/** The mark as an image of the map: a path in a box of 24 × 24. */
function picture(mark: Mark): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 24 * PIXELS;
  const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
  pen.scale(PIXELS, PIXELS);
  const path = new Path2D(PATHS[mark]);
  [pen.strokeStyle, pen.lineWidth, pen.fillStyle] = ["#ffffff", 2.4, COLOURS[mark]];
  pen.stroke(path);
  pen.fill(path, "evenodd");
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** `visit`: the submission that a photo or a visit is of. */
export interface Picked { layer: LayerName; id: string; visit: string }
export interface Heap { lon: number; lat: number }

/** What lies under a click: things with ids, each once, or a heap to go into. */
export function pickedOf(found: { layer: { id: string }; properties: Record<string, unknown>; geometry: GeoJSON.Geometry }[]): { picked: Picked[]; heap: Heap | null } {
  const seen = new Map<string, Picked>();
  let heap: Heap | null = null;
  for (const { layer, properties, geometry } of found) {
    const name = LAYERS.find((one) => one === layer.id);
    const id = properties["id"];
    if (name && typeof id === "string") seen.set(`${name} ${id}`, { layer: name, id, visit: name === "photos" ? String(properties["instance"]) : id });
    else if (properties["count"] !== undefined && geometry.type === "Point") heap ??= { lon: geometry.coordinates[0] as number, lat: geometry.coordinates[1] as number };
  }
  return { picked: [...seen.values()], heap };
}
