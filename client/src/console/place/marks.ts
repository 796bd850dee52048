/** Marks of places: each state has its own shape and its number, so that none is told by colour alone. */
import { Marker } from "maplibre-gl";
import type { LonLat } from "../map/geometry";
import type { PlaceState } from "./wire";

export type PlaceMark = PlaceState | "suggested" | "draft";

const OUTLINES: Record<PlaceMark, string> = {
  shown: "M12 2.5 2.5 10.8h2.4V21.5h14.2V10.8h2.4z",
  open: "M12 1.5 22.5 12 12 22.5 1.5 12z",
  superseded: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z",
  withdrawn: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z",
  suggested: "M12 1.6 15 9l7.6.5-5.9 4.8 2 7.5-6.7-4.2-6.7 4.2 2-7.5L1.4 9.5 9 9z",
  draft: "M12 23C7 16 4.5 12.6 4.5 9a7.5 7.5 0 0 1 15 0c0 3.6-2.5 7-7.5 14z",
};
export const LOOKS: Record<PlaceMark, { d: string; fill: string; stroke: string; ink: string; dash?: string }> = {
  shown: { d: OUTLINES.shown, fill: "#1f6b57", stroke: "#ffffff", ink: "#ffffff" },
  open: { d: OUTLINES.open, fill: "#8f5500", stroke: "#ffffff", ink: "#ffffff" },
  superseded: { d: OUTLINES.superseded, fill: "#ffffff", stroke: "#5d6963", ink: "#1d2521" },
  withdrawn: { d: OUTLINES.withdrawn, fill: "#ffffff", stroke: "#5d6963", ink: "#5d6963", dash: "3 2.5" },
  suggested: { d: OUTLINES.suggested, fill: "#1e5aa8", stroke: "#ffffff", ink: "#ffffff" },
  draft: { d: OUTLINES.draft, fill: "#b3261e", stroke: "#ffffff", ink: "#ffffff" },
};
const SVG = "http://www.w3.org/2000/svg";

function shape(tag: string, attributes: Record<string, string>): SVGElement {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
}

/** The same drawing on the map and in the list. */
export function drawMark(mark: PlaceMark, size: number, text = ""): SVGElement {
  const { d, fill, stroke, ink, dash } = LOOKS[mark];
  const svg = shape("svg", { viewBox: "0 0 24 24", width: String(size), height: String(size), "aria-hidden": "true" });
  svg.append(shape("path", { d, fill, stroke, "stroke-width": "1.5", "paint-order": "stroke", ...(dash ? { "stroke-dasharray": dash } : {}) }));
  if (text) {
    const label = shape("text", { x: "12", y: mark === "shown" ? "18" : "16", "text-anchor": "middle", "font-size": "11", "font-weight": "600", fill: ink });
    label.textContent = text;
    svg.append(label);
  }
  return svg;
}

/** A mark on the map; a draft's tip is its place, every other's middle. */
export function placeMarker(mark: PlaceMark, at: LonLat, name: string, text = "", strong = false): Marker {
  const element = document.createElement("div");
  element.title = name;
  element.dataset["mark"] = mark;
  element.style.cursor = "pointer";
  element.append(drawMark(mark, mark === "draft" ? 36 : strong ? 32 : 24, text));
  return new Marker({ element, anchor: mark === "draft" ? "bottom" : "center", draggable: mark === "draft" }).setLngLat(at);
}
