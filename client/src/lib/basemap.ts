/** The ground that an office supplied for maps: a PMTiles file and raster tiles, both from our own server alone. */
import { addProtocol, type ExpressionSpecification, type LayerSpecification, type Map as GlMap } from "maplibre-gl";
import { FetchSource, PMTiles, Protocol } from "pmtiles";
import { isFile, LOOKS, type Ground, type GroundFile, type Look } from "./ground";
export { hasGround, isFile, type Ground } from "./ground";

let protocol: Protocol | null = null;
/** One reader for all maps of the page. */
function reader(): Protocol {
  if (!protocol) {
    protocol = new Protocol();
    addProtocol("pmtiles", protocol.tile);
  }
  return protocol;
}

/** Lays the ground below the layer `above`; the ids of what was added. `token`: of an app that has no cookie. */
export async function layGround(map: GlMap, ground: Ground, language: string, above: string, token: string | null = null): Promise<string[]> {
  const added: string[] = [];
  const add = (layer: LayerSpecification): void => {
    map.addLayer(layer, above);
    added.push(layer.id);
  };
  if (isFile(ground.file)) (await fileLayers(map, ground.file, language, token)).forEach(add);
  ground.tiles.forEach(({ url, max_zoom }, n) => {
    map.addSource(`ground-${n}`, { type: "raster", tiles: [location.origin + url], tileSize: 256, maxzoom: max_zoom });
    add({ id: `ground-${n}`, type: "raster", source: `ground-${n}` });
  });
  return added;
}

async function fileLayers(map: GlMap, file: GroundFile, language: string, token: string | null): Promise<LayerSpecification[]> {
  const url = `${location.origin}${file.url}?v=${file.version}`;
  const archive = new PMTiles(new FetchSource(url, new Headers(token ? { Authorization: `Bearer ${token}` } : {})));
  reader().add(archive);
  if (file.kind === "raster") {
    map.addSource("ground-file", { type: "raster", url: `pmtiles://${url}`, tileSize: 256 });
    return [{ id: "ground-file", type: "raster", source: "ground-file" }];
  }
  const told = (await archive.getMetadata()) as { vector_layers?: { id: string }[] };
  map.addSource("ground-file", { type: "vector", url: `pmtiles://${url}` });
  return vectorLayers((told.vector_layers ?? []).map(({ id }) => id), language);
}

const ORDER: Look[] = ["green", "water", "houses", "paths", "lines", "names"];

/** What is drawn of these vector layers, lowest first. */
export function vectorLayers(names: string[], language: string): LayerSpecification[] {
  const drawn = names.flatMap((name) => {
    const look = name in LOOKS ? LOOKS[name] : "lines";
    return look ? [{ name, look }] : [];
  });
  return drawn.sort((a, b) => ORDER.indexOf(a.look) - ORDER.indexOf(b.look)).flatMap(({ name, look }) => layersOf(name, look, language));
}

const FILLS: Partial<Record<Look, string>> = { green: "#e3ecdd", water: "#c5dbe8", houses: "#dcd7cf" };
const LINES: Partial<Record<Look, string>> = { water: "#a9c8db", paths: "#ffffff", lines: "#c9cfc9" };
const WIDTH: ExpressionSpecification = ["interpolate", ["exponential", 1.6], ["zoom"], 6, 0.5, 12, 1.6, 18, 14];

function layersOf(name: string, look: Look, language: string): LayerSpecification[] {
  const from = { source: "ground-file", "source-layer": name };
  if (look === "names") return [named(name, language)];
  const found: LayerSpecification[] = [];
  const fill = FILLS[look];
  if (fill) found.push({ ...from, id: `ground-fill-${name}`, type: "fill", filter: ["==", ["geometry-type"], "Polygon"], minzoom: look === "houses" ? 13 : 0, paint: { "fill-color": fill } });
  const line = LINES[look];
  if (!line) return found;
  const filter: ExpressionSpecification = ["==", ["geometry-type"], "LineString"];
  if (look === "paths") found.push({ ...from, id: `ground-rim-${name}`, type: "line", filter, paint: { "line-color": "#b9c2bb", "line-width": ["interpolate", ["exponential", 1.6], ["zoom"], 6, 1, 12, 3, 18, 17] } });
  found.push({ ...from, id: `ground-line-${name}`, type: "line", filter, paint: { "line-color": line, "line-width": look === "paths" ? WIDTH : 1 } });
  return found;
}

function named(name: string, language: string): LayerSpecification {
  const own: ExpressionSpecification = language === "en" ? ["coalesce", ["get", "name:en"], ["get", "name"]] : ["coalesce", ["get", "name:zh-Hans"], ["get", "name:zh"], ["get", "name"]];
  return {
    id: `ground-name-${name}`, source: "ground-file", "source-layer": name, type: "symbol",
    layout: { "text-field": own, "text-size": 12, "text-font": ["sans-serif"], "text-padding": 8 }, paint: { "text-color": "#6b766f", "text-halo-color": "#ffffff", "text-halo-width": 1.2 },
  };
}
