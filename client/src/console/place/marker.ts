/** A place's mark on the map: the same drawing as beside words. */
import { Marker } from "maplibre-gl";
import { h, render } from "vue";
import type { LonLat } from "../map/geometry";
import type { PlaceMark as Mark } from "./marks";
import PlaceMark from "./PlaceMark.vue";

/** A draft's tip is its place, every other's middle. */
export function placeMarker(mark: Mark, at: LonLat, name: string, text = "", strong = false): Marker {
  const element = document.createElement("div");
  element.title = name;
  element.dataset["mark"] = mark;
  element.style.cursor = "pointer";
  const size = mark === "draft" ? 36 : strong ? 32 : 24;
  render(h(PlaceMark, { mark, text, width: size, height: size }), element);
  return new Marker({ element, anchor: mark === "draft" ? "bottom" : "center", draggable: mark === "draft" }).setLngLat(at);
}
