import { describe, expect, it } from "vitest";
import { away, boundsOf, circle, corners, labelPlace, type LonLat, metresBetween, onePerSpot } from "../map/geometry";

const HOUSE: LonLat = [108.37, 23.12];

describe("shapes on the ground", () => {
  it("agrees with the geodesic distance within half a percent", () => {
    // WGS-84 geodesics (GeographicLib): 0.01° of longitude and of latitude at 23.12° N.
    expect(metresBetween(HOUSE, [108.38, 23.12])).toBeCloseTo(1024.2, -1);
    expect(metresBetween(HOUSE, [108.37, 23.13])).toBeCloseTo(1107.6, -1);
    expect(Math.abs(metresBetween(HOUSE, [108.37, 23.13]) / 1107.6 - 1)).toBeLessThan(0.005);
  });

  it.each([[108.37, 23.12], [0, 0], [-70, 65], [179.9999, 23]] as LonLat[])("keeps every corner of a circle around %s, %s at its radius", (lon, lat) => {
    const ring = circle([lon, lat], 35);
    for (const corner of ring) expect(metresBetween([lon, lat], corner)).toBeCloseTo(35, 3);
  });

  it("closes a circle, as GeoJSON wants it", () => {
    const ring = circle(HOUSE, 12, 8);
    expect(ring).toHaveLength(9);
    expect(ring[0]).toEqual(ring[8]);
  });

  it("goes north for 0 and east for 90 degrees", () => {
    expect(away(HOUSE, 100, 0)[1]).toBeGreaterThan(23.12);
    expect(away(HOUSE, 100, 90)[0]).toBeGreaterThan(108.37);
  });

  it("finds bounds, and none of nothing", () => {
    expect(boundsOf([HOUSE, [108.3, 23.2]])).toEqual([108.3, 23.12, 108.37, 23.2]);
    expect(boundsOf([])).toBeNull();
  });

  it("labels an area of several parts once", () => {
    const parts: GeoJSON.Geometry = { type: "MultiPolygon", coordinates: [[[[0, 0], [2, 0], [2, 2], [0, 0]]], [[[8, 8], [10, 8], [10, 10], [8, 8]]]] };
    expect(corners(parts)).toHaveLength(8);
    expect(labelPlace(parts)).toEqual([5, 5]);
    expect(labelPlace({ type: "Point", coordinates: [1, 1] })).toBeNull();
  });

  it("keeps one of several photos from the same spot", () => {
    const at = (lon: number, name: string) => ({ lon, lat: 23.12, name });
    expect(onePerSpot([at(108.37, "chosen"), at(108.37001, "beside"), at(108.372, "far")]).map((one) => one.name)).toEqual(["chosen", "far"]);
  });
});
