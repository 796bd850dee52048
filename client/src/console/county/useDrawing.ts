/** Drawing an area on the map with the mouse, or with keys by a cross in the middle that adds corners. */
import type { Map as GlMap, MapMouseEvent } from "maplibre-gl";
import { computed, onBeforeUnmount, type Ref, ref, watch } from "vue";
import { boxCorners, between, isNew } from "./shape";
import { type LonLat } from "../map/geometry";

export type Way = "box" | "area";
const STEP = 60; // pixels that an arrow key moves the map
const MOVES: Record<string, [number, number]> = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };

export function useDrawing(map: Ref<GlMap | null>, done: (corners: LonLat[]) => void) {
  const way = ref<Way | null>(null);
  const corners = ref<LonLat[]>([]);
  const ready = computed(() => way.value === "area" && corners.value.length >= 3);
  const begin = (how: Way): void => void ([way.value, corners.value] = [how, []]);
  const stop = (): void => void ([way.value, corners.value] = [null, []]);

  function add(corner: LonLat): void {
    if (isNew(corners.value, corner)) corners.value = [...corners.value, corner];
    const [one, other] = corners.value;
    if (way.value === "box" && one && other) end(between(one, other));
  }
  function end(found: LonLat[]): void {
    stop();
    done(found);
  }
  const finish = (): void => {
    if (ready.value) end(corners.value);
  };
  const back = (): void => void (corners.value = corners.value.slice(0, -1));
  const middle = (): void => {
    const at = map.value?.getCenter();
    if (at) add([at.lng, at.lat]);
  };
  /** What lies in the window is the area. */
  const takeWindow = (): void => {
    const box = map.value?.getBounds();
    if (box) end(boxCorners([box.getWest(), box.getSouth(), box.getEast(), box.getNorth()]));
  };

  function keys(event: KeyboardEvent): void {
    const move = MOVES[event.key];
    if (move) map.value?.panBy(move, { duration: 0 });
    else if (event.key === "Backspace") back();
    else if (event.key === "Escape") stop();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }
  const click = (event: MapMouseEvent): void => add([event.lngLat.lng, event.lngLat.lat]);
  const twice = (event: MapMouseEvent): void => {
    event.preventDefault(); // no going nearer
    finish();
  };
  const heard: { unsubscribe: () => void }[] = [];
  watch(way, (now, before) => {
    if (Boolean(now) === Boolean(before)) return;
    for (const stopped of heard.splice(0)) stopped.unsubscribe();
    if (now && map.value) heard.push(map.value.on("click", click), map.value.on("dblclick", twice));
  });
  onBeforeUnmount(stop);
  return { way, corners, ready, begin, stop, finish, back, middle, takeWindow, keys };
}
