/** A map in a component: made when its box is there, redrawn on demand, gone with the component. */
import type { Map as GlMap } from "maplibre-gl";
import { onBeforeUnmount, onMounted, type Ref, ref, shallowRef, useTemplateRef } from "vue";
import { canDraw, newMap } from "./ground";
import { lay } from "./office-ground";

export interface MapInPage { map: Ref<GlMap | null>; impossible: Ref<boolean> }

/** The box is the template's `ref="box"`. `prepare` adds sources and layers once; `draw` fills them. */
export function useMap(prepare: (map: GlMap) => void, draw: (map: GlMap) => void): MapInPage {
  const box = useTemplateRef<HTMLElement>("box");
  const map = shallowRef<GlMap | null>(null);
  const impossible = ref(false);
  let made: GlMap | null = null;
  onMounted(() => {
    if (!box.value || !canDraw()) return void (impossible.value = true);
    made = newMap(box.value);
    const ready = made;
    made.on("load", () => {
      prepare(ready);
      map.value = ready;
      draw(ready);
      void lay(ready);
    });
    made.getCanvas().setAttribute("tabindex", "-1"); // everything on the map is also in words beside it
  });
  onBeforeUnmount(() => made?.remove());
  return { map, impossible };
}
