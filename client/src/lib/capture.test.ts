// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";
import { sha256 } from "./bytes";
import { betterFix, captureRecord, metresBetween, watchFix } from "./capture";
import type { Fix } from "./types";

const fix = (accuracy_m: number, second: number, lon = 108.37): Fix => ({ lon, lat: 23.12, accuracy_m, altitude_m: null, speed: null, heading: null, time: new Date(second * 1000).toISOString() });
const shot = { source: "live" as const, visitId: "v", householdId: "h", slot: "front" };

/** A geolocation that the test moves by hand. */
function fakeGeolocation(): { give: (lon: number, accuracy: number, at?: number) => void; refuse: () => void; cleared: number[] } {
  let [onFix, onError]: [PositionCallback, PositionErrorCallback] = [() => undefined, () => undefined];
  const cleared: number[] = [];
  vi.stubGlobal("navigator", { geolocation: { watchPosition: (good: PositionCallback, bad: PositionErrorCallback) => { [onFix, onError] = [good, bad]; return 7; }, clearWatch: (id: number) => cleared.push(id) } });
  return {
    give: (longitude, accuracy, at = 1000) => onFix({ timestamp: at, coords: { longitude, latitude: 23.12, accuracy, altitude: null, speed: null, heading: NaN, altitudeAccuracy: null } } as unknown as GeolocationPosition),
    refuse: () => onError({ code: 1, PERMISSION_DENIED: 1 } as GeolocationPositionError),
    cleared,
  };
}

afterEach(() => vi.unstubAllGlobals());

test("the more exact fix stands until it has gone stale", () => {
  expect(betterFix(fix(8, 0), fix(30, 10)).accuracy_m).toBe(8);
  expect(betterFix(fix(30, 0), fix(8, 10)).accuracy_m).toBe(8);
  expect(betterFix(fix(8, 0), fix(30, 90)).accuracy_m).toBe(30);
});

test("distances are metres", () => {
  expect(metresBetween({ lon: 108, lat: 23 }, { lon: 108, lat: 24 })).toBeCloseTo(111195, -1);
  expect(metresBetween({ lon: 108, lat: 60 }, { lon: 109, lat: 60 })).toBeCloseTo(55597, -2);
});

test("a watch keeps the best fix, counts them and says how far they spread", () => {
  const phone = fakeGeolocation();
  const watch = watchFix();
  const told = vi.fn();
  watch.onChange(told);
  phone.give(108.37, 25);
  phone.give(108.371, 6);
  phone.give(108.37, 40);
  expect(watch).toMatchObject({ count: 3, permission: "granted", best: { accuracy_m: 6, lon: 108.371 } });
  expect(watch.jitter_m).toBeCloseTo(102.3, 0);
  expect(told).toHaveBeenCalledTimes(3);
  watch.stop();
  watch.stop();
  expect(phone.cleared).toEqual([7]);
});

test("a photo without any position is a full record that says why", async () => {
  const phone = fakeGeolocation();
  const watch = watchFix();
  phone.refuse();
  const bytes = new Blob(["jpeg"], { type: "image/jpeg" });
  const record = await captureRecord({ ...shot, bytes }, watch);
  expect(record).toMatchObject({ fix: null, n_fixes: 0, permission: "denied", bytes: 4, media_type: "image/jpeg", slot: "front" });
  expect(record.photo_sha256).toBe(await sha256("jpeg"));
  expect(record.original_sha256).toBe(record.photo_sha256);
});

test("a phone without geolocation still takes photos", async () => {
  vi.stubGlobal("navigator", {});
  const record = await captureRecord({ ...shot, bytes: new Blob(["x"]), originalSha256: "before" }, watchFix());
  expect(record).toMatchObject({ permission: "unavailable", original_sha256: "before" });
});
