/** A drawn area as it stands in the address and as the server wants it: `lon,lat,lon,lat,…`, not closed. Pure. */
import type { Bounds, LonLat } from "../map/geometry";

const MOST_CORNERS = 100;
const GRID = 5; // decimals of a degree: a metre

/** The corners of an address; null where it holds no area. */
export function cornersOf(text: unknown): LonLat[] | null {
  if (typeof text !== "string" || !text) return null;
  const found = text.split(",").map(Number);
  const corners = Array.from({ length: Math.floor(found.length / 2) }, (_, n) => [found[2 * n], found[2 * n + 1]] as LonLat);
  const good = found.length % 2 === 0 && corners.length >= 3 && corners.length <= MOST_CORNERS;
  return good && corners.every(([lon, lat]) => Math.abs(lon) <= 180 && Math.abs(lat) <= 90) ? corners : null;
}

export const shapeText = (corners: LonLat[]): string => corners.map((corner) => corner.map((part) => Number(part.toFixed(GRID))).join(",")).join(",");

/** Four corners of a box, or of the box between two of them. */
export const boxCorners = ([west, south, east, north]: Bounds): LonLat[] => [[west, south], [east, south], [east, north], [west, north]];
export const between = ([lon, lat]: LonLat, [other, further]: LonLat): LonLat[] =>
  boxCorners([Math.min(lon, other), Math.min(lat, further), Math.max(lon, other), Math.max(lat, further)]);

export const ringOf = (corners: LonLat[]): LonLat[] => [...corners, corners[0] as LonLat];

/** Whether a corner says something new: a double click gives two at one spot. */
export const isNew = (corners: LonLat[], [lon, lat]: LonLat): boolean => {
  const last = corners.at(-1);
  return corners.length < MOST_CORNERS && (!last || Math.abs(last[0] - lon) > 1e-6 || Math.abs(last[1] - lat) > 1e-6);
};
