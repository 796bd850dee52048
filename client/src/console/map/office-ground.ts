/** The office's ground below every map of the console; where none is set, or it cannot be read, the maps are as before. */
import { type Ground, hasGround, isFile, layGround } from "@lib/basemap";
import i18n from "@lib/i18n";
import { AttributionControl, type Map as GlMap } from "maplibre-gl";
import { shallowRef } from "vue";
import { read } from "../api";

/** What the office set; null until it is known. */
export const ground = shallowRef<Ground | null>(null);
let asked: Promise<Ground> | null = null;
const layers = new WeakMap<GlMap, string[]>();

async function known(): Promise<Ground> {
  asked ??= read<Ground>("/maps").catch((cause: unknown) => {
    asked = null; // asked again by the next map
    throw cause;
  });
  return (ground.value = await asked);
}

/** Lays it below the villages, which let it shine through; quiet when it fails, since a map without ground is a map. */
export async function lay(map: GlMap): Promise<void> {
  const found = await known().catch(() => null);
  if (!found || !hasGround(found) || !map.getStyle()) return;
  const added = await layGround(map, found, i18n.global.locale.value, "village").catch(() => []);
  if (!added.length) return;
  layers.set(map, added);
  if (found.credit) map.addControl(new AttributionControl({ compact: false, customAttribution: plain(found.credit) }), "bottom-right");
  shine(map, true);
}

/** Shows or hides the ground of one map. */
export function showGround(map: GlMap, shown: boolean): void {
  for (const id of layers.get(map) ?? []) map.setLayoutProperty(id, "visibility", shown ? "visible" : "none");
  if (layers.has(map)) shine(map, shown);
}

/** A coloured village keeps most of its colour, an uncoloured one is only a border. */
function shine(map: GlMap, through: boolean): void {
  map.setPaintProperty("village", "fill-opacity", through ? ["case", ["has", "fill"], 0.6, 0.12] : 1);
}

/** The control takes HTML; what the office wrote is text. */
const plain = (text: string): string => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** What keeps the file from being drawn, in the words of the server; null when nothing does. */
export const groundProblem = (found: Ground | null): { zh: string; en: string } | null => (found?.file && !isFile(found.file) ? found.file.problem : null);
