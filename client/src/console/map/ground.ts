/** The ground of every map: village polygons with their names, drawn without any tile, font or sprite server. */
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import { type GeoJSONSource, Map as GlMap, ScaleControl, setWorkerUrl, type StyleSpecification } from "maplibre-gl";
import type { Area } from "../wire";
import { nameOf } from "../areas";
import { boundsOf, type Bounds, corners, labelPlace } from "./geometry";

setWorkerUrl(workerUrl);

export type Shapes = ReadonlyMap<string, GeoJSON.Geometry>;
export const nothing: GeoJSON.FeatureCollection = { type: "FeatureCollection", features: [] };
export const feature = (geometry: GeoJSON.Geometry, properties: GeoJSON.GeoJsonProperties = {}): GeoJSON.Feature => ({ type: "Feature", geometry, properties });
export const collection = (features: GeoJSON.Feature[]): GeoJSON.FeatureCollection => ({ type: "FeatureCollection", features });

/** No `glyphs` in the style: letters are then drawn by the browser's own fonts, Chinese ones included. */
const STYLE: StyleSpecification = {
  version: 8,
  sources: { villages: { type: "geojson", data: nothing }, names: { type: "geojson", data: nothing } },
  layers: [
    { id: "ground", type: "background", paint: { "background-color": "#e9ede8" } },
    { id: "village", type: "fill", source: "villages", paint: { "fill-color": ["coalesce", ["get", "fill"], "#fbfcfa"] } },
    { id: "border", type: "line", source: "villages", paint: { "line-color": "#9aa89f", "line-width": ["case", ["get", "own"], 2.5, 1] } },
    {
      id: "name", type: "symbol", source: "names",
      layout: { "text-field": ["get", "name"], "text-size": 13, "text-font": ["sans-serif"], "text-padding": 6 },
      paint: { "text-color": "#5d6963", "text-halo-color": "#fbfcfa", "text-halo-width": 1.5 },
    },
  ],
};

/** Whether this browser can draw maps at all. */
export function canDraw(): boolean {
  return document.createElement("canvas").getContext("webgl2") !== null;
}

export function newMap(container: HTMLElement): GlMap {
  const map = new GlMap({ container, style: STYLE, attributionControl: false, dragRotate: false, pitchWithRotate: false, touchPitch: false, maxZoom: 20, fadeDuration: 0 });
  map.addControl(new ScaleControl({ maxWidth: 90, unit: "metric" }), "bottom-left");
  return map;
}

/** Draws the areas of the lowest level that has boundaries; `own` is set off, `fills` colours some of them. */
export function drawGround(map: GlMap, areas: Area[], shapes: Shapes, language: string, own: string | null, fills: ReadonlyMap<string, string> = new Map()): void {
  const parents = new Set(areas.map((area) => (shapes.has(area.code) ? area.parent : null)));
  const shown = areas.filter((area) => shapes.has(area.code) && !parents.has(area.code));
  const features = shown.map((area) => feature(shapes.get(area.code) as GeoJSON.Geometry, { code: area.code, own: area.code === own, ...(fills.has(area.code) ? { fill: fills.get(area.code) } : {}) }));
  const names = shown.flatMap((area) => {
    const at = labelPlace(shapes.get(area.code) as GeoJSON.Geometry);
    return at ? [feature({ type: "Point", coordinates: at }, { name: nameOf(area.names, language) })] : [];
  });
  setSource(map, "villages", collection(features));
  setSource(map, "names", collection(names));
}

export function setSource(map: GlMap, id: string, content: GeoJSON.FeatureCollection): void {
  void (map.getSource(id) as GeoJSONSource | undefined)?.setData(content);
}

/** Around the boundaries of some areas; null when none has one. */
export function groundBounds(codes: Iterable<string>, shapes: Shapes): Bounds | null {
  return boundsOf([...codes].flatMap((code) => (shapes.has(code) ? corners(shapes.get(code) as GeoJSON.Geometry) : [])));
}

export function show(map: GlMap, bounds: Bounds | null, animate: boolean, maxZoom = 17, padding = 44): void {
  if (!bounds) return;
  const { clientWidth, clientHeight } = map.getContainer();
  const room = Math.min(padding, 0.1 * Math.min(clientWidth, clientHeight));
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  map.fitBounds(bounds, { padding: room, maxZoom, duration: animate && !still ? 200 : 0 });
}
