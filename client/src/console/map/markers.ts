/** Three marks that differ in shape, not only in colour. */
import { Marker } from "maplibre-gl";
import type { LonLat } from "./geometry";

export type Mark = "visit" | "house" | "photo";
const SVG = "http://www.w3.org/2000/svg";

/** Paths in a box of 24 × 24; the visit's is its own centre. */
export const PATHS: Record<Mark, string> = {
  visit: "M12 4a8 8 0 1 0 0 16a8 8 0 0 0 0-16z",
  house: "M12 3 2.5 11.2h2.7V21h13.6v-9.8h2.7z",
  photo: "M8.2 6 9.8 4h4.4l1.6 2H20a1.6 1.6 0 0 1 1.6 1.6v10.8A1.6 1.6 0 0 1 20 20H4a1.6 1.6 0 0 1-1.6-1.6V7.6A1.6 1.6 0 0 1 4 6zM12 9a4 4 0 1 0 0 8 4 4 0 0 0 0-8z",
};
export const COLOURS: Record<Mark, string> = { visit: "#1e5aa8", house: "#1f6b57", photo: "#8f5500" };

export function drawing(mark: Mark, size: number): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("width", String(size));
  svg.setAttribute("height", String(size));
  const path = document.createElementNS(SVG, "path");
  for (const [name, value] of Object.entries({ d: PATHS[mark], fill: COLOURS[mark], stroke: "#ffffff", "stroke-width": "1.6", "paint-order": "stroke", "fill-rule": "evenodd" })) path.setAttribute(name, value);
  svg.append(path);
  return svg;
}

/** A photo's mark hangs beside its place, so that the visit and the house below stay visible. */
export function marker(mark: Mark, at: LonLat, name: string, strong = false): Marker {
  const element = document.createElement("div");
  element.title = name;
  element.dataset["mark"] = mark;
  element.append(drawing(mark, mark === "visit" ? 18 : strong ? 28 : 22));
  const offset: [number, number] = mark === "photo" ? [17, -15] : [0, 0];
  return new Marker({ element, anchor: "center", offset }).setLngLat(at);
}
