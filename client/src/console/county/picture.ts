/** The map as a picture for print. */
import type { Map as GlMap } from "maplibre-gl";

/** `metres`: how wide the ground is that the picture shows, along its middle. */
export interface Picture { url: string; width: number; height: number; metres: number }

const EARTH_ROUND_M = 40_075_016.686;

/** Taken within a drawing of the map: afterwards the canvas no longer holds it. */
export function pictureOf(map: GlMap): Promise<Picture> {
  return new Promise((resolve) => {
    map.once("render", () => {
      const canvas = map.getCanvas();
      const across = EARTH_ROUND_M / (512 * 2 ** map.getZoom());
      const metres = canvas.clientWidth * across * Math.cos((map.getCenter().lat * Math.PI) / 180);
      resolve({ url: canvas.toDataURL("image/png"), width: canvas.clientWidth, height: canvas.clientHeight, metres });
    });
    map.triggerRepaint();
  });
}

/** A round length for the scale bar, at most `share` of the picture, and its part of the width. */
export function scaleBar(metres: number, share = 0.25): { metres: number; part: number } {
  const most = metres * share;
  const ten = 10 ** Math.floor(Math.log10(most));
  const length = ([5, 2, 1].find((one) => one * ten <= most) ?? 1) * ten;
  return { metres: length, part: length / metres };
}
