import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/console/styles.css", "utf8");
const token = (name: string): string => new RegExp(`--${name}: (#[0-9a-f]{3,6})`).exec(css)?.[1] ?? name;
const channels = (hex: string): number[] => {
  const full = hex.length === 4 ? [...hex.slice(1)].map((digit) => digit + digit).join("") : hex.slice(1);
  return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16) / 255);
};
/** Relative luminance and contrast as WCAG 2.2 defines them. */
const luminance = (hex: string): number => {
  const [r, g, b] = channels(hex).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (a: string, b: string): number => {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
};

describe("the console's colours", () => {
  it.each([
    ["ink", "card"], ["quiet", "card"], ["quiet", "ground"], ["quiet", "tint"], ["quiet", "soon-tint"], ["primary", "card"], ["primary", "ground"], ["pressed", "tint"],
    ["needs", "card"], ["needs", "needs-tint"], ["soon", "card"], ["soon", "soon-tint"], ["inform", "card"], ["inform", "inform-tint"],
    ["inform", "tint"], ["accepted", "card"], ["accepted", "tint"], ["accepted", "ground"], ["soon", "tint"], ["#ffffff", "primary"],
  ])("%s on %s is readable (AA)", (text, ground) => {
    expect(contrast(token(text), token(ground))).toBeGreaterThanOrEqual(4.5);
  });
});
