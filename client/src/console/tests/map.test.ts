import { addMessages } from "@lib/i18n";
import { hasGround, isFile, vectorLayers } from "@lib/basemap";
import { describe, expect, it, vi } from "vitest";
import en from "../county/en.json";
import { placeOf } from "../county/wire";
import zh from "../county/zh.json";
import { layersOf, pickedOf } from "../map/tile-layers";

vi.mock("maplibre-gl", () => ({ addProtocol: vi.fn(), Marker: class {} }));
addMessages({ zh, en });

describe("the layers of the map", () => {
  it("stand in the address", () => {
    expect(layersOf(undefined)).toEqual(["households", "submissions"]);
    expect(layersOf("photos,households,people")).toEqual(["households", "photos"]);
    expect(layersOf("")).toEqual([]);
  });

  const at = (id: string, properties: Record<string, unknown>) => ({ layer: { id }, properties, geometry: { type: "Point", coordinates: [107, 25] } as GeoJSON.Geometry });

  it("pick each thing once, a photo with its visit, and go into a heap only where nothing is to be picked", () => {
    const found = pickedOf([at("households", { id: "h" }), at("households", { id: "h" }), at("photos", { id: "p", instance: "uuid:v" }), at("photos-heap", { count: 3 })]);
    expect(found.picked).toEqual([{ layer: "households", id: "h", visit: "h" }, { layer: "photos", id: "p", visit: "uuid:v" }]);
    expect(pickedOf([at("households-heap", { count: 3 })])).toEqual({ picked: [], heap: { lon: 107, lat: 25 } });
  });

  it("know where a household is registered", () => {
    const house = (location: object | null) => ({ id: "h", label: "", region: "", contested: [], data: {}, location }) as Parameters<typeof placeOf>[0];
    expect(placeOf(house({ lon: "107.9", lat: "25.9" }))).toEqual([107.9, 25.9]);
    expect(placeOf(house(null))).toBeNull();
  });
});

describe("the ground of an office", () => {
  it("is drawn in order, water below roads below names", () => {
    const ids = vectorLayers(["places", "roads", "water", "own_layer"], "zh").map(({ id }) => id);
    expect(ids.indexOf("ground-fill-water")).toBeLessThan(ids.indexOf("ground-line-roads"));
    expect(ids.at(-1)).toBe("ground-name-places");
    expect(ids).toContain("ground-line-own_layer");
  });

  it("never has borders, in neither schema", () => {
    expect(vectorLayers(["boundaries", "boundary"], "zh")).toEqual([]);
  });

  it("is none where nothing is set or the file cannot be read", () => {
    const problem = { problem: { code: "map.file_unreadable", zh: "", en: "" } };
    expect(hasGround({ file: null, tiles: [], credit: "" })).toBe(false);
    expect(isFile(problem) || hasGround({ file: problem, tiles: [], credit: "" })).toBe(false);
  });
});

it("speaks both languages on the map page", () => {
  expect(Object.keys(en.county).sort()).toEqual(Object.keys(zh.county).sort());
});
