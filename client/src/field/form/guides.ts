/** PURE: what is drawn over the camera for a slot, so that people see at once how far to stand back. */

export type Guide = "house" | "part" | "close" | "page" | "water" | "room" | "frame";

const RULES: readonly [RegExp, Guide][] = [
  [/_near$|^danger_detail$|^house_danger$/, "close"],
  [/_far$|^danger_context$|^house_site$/, "part"],
  [/^house_(front|back|left|right)$|^toilet_outside$/, "house"],
  [/plate|certificate|notice|sheet|receipt|document/, "page"],
  [/water|tap|well/, "water"],
  [/inside|meeting|tank/, "room"],
];

/** A slot that nobody has drawn gets a plain frame. */
export const guideOf = (slot: string | null): Guide => (slot === null ? "frame" : RULES.find(([rule]) => rule.test(slot))?.[1] ?? "frame");
