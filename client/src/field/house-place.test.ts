import type { EntityEntry } from "@lib/types";
import { describe, expect, it } from "vitest";
import { houseAt } from "./state/households";

const entry = (lon: string, location: EntityEntry["location"]): EntityEntry =>
  ({ n: 1, type: "entity", dataset: "household", id: "h", version: 1, label: "", region: "99", state: "active", data: { lon, lat: "26.1", datum: "gcj02" }, contested: [], location });

describe("where a house is", () => {
  /** Drawn as if it were WGS-84, a place declared in GCJ-02 would lie some 500 m off. */
  it("is told by the feed in WGS-84, whatever datum the place was declared in", () => {
    const known = entry("108.1050", { lon: "108.1005", lat: "26.0975" });
    expect(houseAt({ data: known.data, entry: known, own: false })).toEqual({ lon: 108.1005, lat: 26.0975 });
    expect(houseAt({ data: { ...known.data, head_name: "王" }, entry: known, own: true })).toEqual({ lon: 108.1005, lat: 26.0975 });
  });

  it("is this phone's own fix until that is sent, and the only one of a new household", () => {
    const known = entry("108.1050", { lon: "108.1005", lat: "26.0975" });
    expect(houseAt({ data: { lon: "108.2", lat: "26.2" }, entry: known, own: true })).toEqual({ lon: 108.2, lat: 26.2 });
    expect(houseAt({ data: { lon: "108.2", lat: "26.2" }, entry: null, own: true })).toEqual({ lon: 108.2, lat: 26.2 });
  });

  it("is nowhere without a place", () => {
    expect(houseAt({ data: {}, entry: { ...entry("", null), data: {} }, own: false })).toEqual({ lon: null, lat: null });
  });
});
