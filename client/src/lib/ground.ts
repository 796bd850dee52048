/** PURE: what a server says of the ground below its maps (`GET /maps`), and what of it is drawn. */
export interface GroundFile { url: string; version: string; kind: "vector" | "raster"; min_zoom: number; max_zoom: number; box: [number, number, number, number] }
export interface GroundProblem { problem: { code: string; zh: string; en: string } }
export interface Ground { file: GroundFile | GroundProblem | null; tiles: { url: string; max_zoom: number }[]; credit: string }

export const isFile = (file: Ground["file"]): file is GroundFile => file !== null && !("problem" in file);
export const hasGround = (ground: Ground): boolean => isFile(ground.file) || ground.tiles.length > 0;

export type Look = "water" | "green" | "paths" | "houses" | "names" | "lines";
/** Layers by their names in Protomaps and OpenMapTiles; null: never drawn. Borders in China come from approved maps only. */
export const LOOKS: Record<string, Look | null> = {
  boundaries: null, boundary: null, earth: null, pois: null, poi: null, housenumber: null, aerodrome_label: null, mountain_peak: null,
  landcover: "green", landuse: "green", park: "green", natural: "green", water: "water", waterway: "water", physical_line: "water",
  roads: "paths", transportation: "paths", transit: "paths", buildings: "houses", building: "houses", places: "names", place: "names", physical_point: null, transportation_name: null, water_name: null,
};
