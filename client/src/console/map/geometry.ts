/** Shapes on the ground as GeoJSON. Positions are [longitude, latitude] in WGS-84 degrees, lengths in metres. */

export type LonLat = [number, number];

/** A position as it came, in text or numbers; null where one is missing or no number. */
export function known(at: { lon?: string | number | null; lat?: string | number | null } | null | undefined): LonLat | null {
  const found: LonLat = [Number(at?.lon ?? NaN), Number(at?.lat ?? NaN)];
  return found.every(Number.isFinite) ? found : null;
}

const EARTH_M = 6_371_008.8;
const rad = (degrees: number): number => (degrees * Math.PI) / 180;
const deg = (radians: number): number => (radians * 180) / Math.PI;

/** Great-circle distance; within 0.6 % of the ellipsoid's. */
export function metresBetween([lon, lat]: LonLat, [otherLon, otherLat]: LonLat): number {
  const h = Math.sin(rad(otherLat - lat) / 2) ** 2 + Math.cos(rad(lat)) * Math.cos(rad(otherLat)) * Math.sin(rad(otherLon - lon) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The place `metres` away in direction `bearing` (degrees, clockwise from north). */
export function away([lon, lat]: LonLat, metres: number, bearing: number): LonLat {
  const d = metres / EARTH_M;
  const north = Math.asin(Math.sin(rad(lat)) * Math.cos(d) + Math.cos(rad(lat)) * Math.sin(d) * Math.cos(rad(bearing)));
  const east = Math.atan2(
    Math.sin(rad(bearing)) * Math.sin(d) * Math.cos(rad(lat)), Math.cos(d) - Math.sin(rad(lat)) * Math.sin(north),
  );
  return [lon + deg(east), deg(north)];
}

/** A closed ring around a position: the accuracy circle. */
export function circle(centre: LonLat, metres: number, corners = 64): LonLat[] {
  const ring = Array.from({ length: corners }, (_, n) => away(centre, metres, (n * 360) / corners));
  return [...ring, ring[0] as LonLat];
}

/** [west, south, east, north] around everything; null when there is nothing. */
export type Bounds = [number, number, number, number];
export function boundsOf(positions: Iterable<LonLat>): Bounds | null {
  let found: Bounds | null = null;
  for (const [lon, lat] of positions) {
    found = found ? [Math.min(found[0], lon), Math.min(found[1], lat), Math.max(found[2], lon), Math.max(found[3], lat)] : [lon, lat, lon, lat];
  }
  return found;
}

/** All corners of a polygon or multipolygon. */
export function corners(geometry: GeoJSON.Geometry): LonLat[] {
  if (geometry.type === "Polygon") return geometry.coordinates.flat() as LonLat[];
  if (geometry.type === "MultiPolygon") return geometry.coordinates.flat(2) as LonLat[];
  return [];
}

/** The first of all that lie within `metres` of each other. */
export function onePerSpot<T extends { lon: number; lat: number }>(places: T[], metres = 5): T[] {
  return places.reduce<T[]>((kept, one) => (kept.some((other) => metresBetween([one.lon, one.lat], [other.lon, other.lat]) < metres) ? kept : [...kept, one]), []);
}

/** A place for the label: the middle of the corners' box; near enough for a village. */
export function labelPlace(geometry: GeoJSON.Geometry): LonLat | null {
  const box = boundsOf(corners(geometry));
  return box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : null;
}
