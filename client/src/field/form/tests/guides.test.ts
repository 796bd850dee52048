import { expect, test } from "vitest";
import { guideOf } from "../guides";

test("each kind of slot has its outline, and one that nobody has drawn gets a plain frame", () => {
  const slots = ["house_front", "house_left", "toilet_outside", "danger_roof_far", "house_site", "danger_roof_near", "house_danger", "house_plate", "public_notice", "water_source", "toilet_inside", "something", null];
  expect(slots.map(guideOf)).toEqual(["house", "house", "house", "part", "part", "close", "close", "page", "page", "water", "room", "frame", "frame"]);
});
