// @vitest-environment node
import { afterEach, expect, test, vi } from "vitest";
import { sha256 } from "./bytes";
import { betterFix, captureRecord, metresBetween, watchFix, whereabouts, withLaterFix } from "./capture";
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

test("a watch ends by itself once the place is exact enough and its spread is known; the next goes on from there", () => {
  const phone = fakeGeolocation();
  const watch = watchFix();
  phone.give(108.37, 9);
  phone.give(108.37, 30);
  expect(watch.running).toBe(true);
  phone.give(108.37, 40);
  expect([watch.running, watch.best?.accuracy_m, phone.cleared]).toEqual([false, 9, [7]]);
  const next = watchFix(watch.best, 5);
  expect([next.running, next.best?.accuracy_m, next.count]).toEqual([true, 9, 0]);
  for (const metres of [8, 7, 6]) phone.give(108.37, metres);
  expect(next.running).toBe(true);
});

test("a place that comes while the shot is looked at belongs to it, one that comes later does not", async () => {
  const phone = fakeGeolocation();
  const watch = watchFix();
  const record = await captureRecord({ ...shot, bytes: new Blob(["jpeg"]) }, watch);
  expect([record.fix, withLaterFix(record, watch).fix, withLaterFix(record, null).fix]).toEqual([null, null, null]);
  phone.give(108.37, 35);
  expect(withLaterFix(record, watch)).toMatchObject({ fix: { accuracy_m: 35 }, n_fixes: 1, permission: "granted", photo_sha256: record.photo_sha256, wall_ms: record.wall_ms });
  expect(withLaterFix({ ...record, fix: fix(8, 1) }, watch).fix?.accuracy_m).toBe(8);
  expect(withLaterFix({ ...record, wall_ms: record.wall_ms - 90_000 }, watch).fix).toBeNull();
});

test("what a phone can say of its place has a word: nothing of it keeps a photo from being taken", () => {
  expect(whereabouts(fix(8, 0), "granted", false)).toBe("exact");
  expect(whereabouts(fix(2000, 0), "granted", true)).toBe("coarse");
  expect([whereabouts(null, "prompt", false), whereabouts(null, "prompt", true), whereabouts(null, "denied", true), whereabouts(null, "unavailable", false)]).toEqual(["looking", "slow", "denied", "unavailable"]);
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
