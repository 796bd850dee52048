/** Fingers, wheel and keys on a map, as movements of its view. */
import { moved, nearer, type Point, type View } from "./view";

/** A finger that went less far, and not for long, has tapped. */
const STILL = 8;
const SHORT_MS = 500;
const TWICE_MS = 320;
const STEP = 60;

export interface Hands { view(): View; show(view: View): void; tap(point: Point): void }

/** Listens on `box`; gives the function that ends it. */
export function followFingers(box: HTMLElement, hands: Hands): () => void {
  const fingers = new Map<number, Point>();
  let began: { at: Point; when: number } | null = null;
  let tapped = 0;

  const pointOf = (event: PointerEvent | WheelEvent): Point => {
    const { left, top } = box.getBoundingClientRect();
    return { x: event.clientX - left, y: event.clientY - top };
  };
  const down = (event: PointerEvent): void => {
    fingers.set(event.pointerId, pointOf(event));
    began = fingers.size === 1 ? { at: pointOf(event), when: event.timeStamp } : null;
    box.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent): void => {
    if (!fingers.has(event.pointerId)) return;
    const before = [...fingers.values()];
    fingers.set(event.pointerId, pointOf(event));
    if (began && distance(began.at, pointOf(event)) < STILL) return;
    began = null;
    hands.show(dragged(hands.view(), before, [...fingers.values()]));
  };
  const up = (event: PointerEvent): void => {
    fingers.delete(event.pointerId);
    if (began && event.timeStamp - began.when < SHORT_MS) tap(began.at, event.timeStamp);
    began = null;
  };
  const tap = (at: Point, when: number): void => {
    if (when - tapped < TWICE_MS) hands.show(nearer(hands.view(), 1, at));
    else hands.tap(at);
    tapped = when;
  };
  const lost = (event: PointerEvent): void => { fingers.delete(event.pointerId); began = null; };
  const wheel = (event: WheelEvent): void => {
    event.preventDefault();
    hands.show(nearer(hands.view(), -Math.sign(event.deltaY) / 2, pointOf(event)));
  };
  const key = (event: KeyboardEvent): void => {
    const next = byKey(hands.view(), event.key);
    if (!next) return;
    event.preventDefault();
    hands.show(next);
  };
  const listeners: [string, (event: never) => void][] = [["pointerdown", down], ["pointermove", move], ["pointerup", up], ["pointercancel", lost], ["wheel", wheel], ["keydown", key]];
  for (const [name, listener] of listeners) box.addEventListener(name, listener as EventListener, { passive: false });
  return () => { for (const [name, listener] of listeners) box.removeEventListener(name, listener as EventListener); };
}

const distance = (a: Point, b: Point): number => Math.hypot(a.x - b.x, a.y - b.y);
const between = ([a, b]: Point[]): Point => (a && b ? { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 } : (a ?? { x: 0, y: 0 }));

/** One finger moves the map; two also bring it nearer or farther. */
export function dragged(view: View, before: Point[], after: Point[]): View {
  const [from, to] = [between(before), between(after)];
  const next = moved(view, to.x - from.x, to.y - from.y);
  const [a, b] = before;
  const [c, d] = after;
  if (!a || !b || !c || !d) return next;
  return nearer(next, Math.log2(Math.max(1, distance(c, d)) / Math.max(1, distance(a, b))), to);
}

function byKey(view: View, key: string): View | null {
  switch (key) {
    case "ArrowLeft": return moved(view, STEP, 0);
    case "ArrowRight": return moved(view, -STEP, 0);
    case "ArrowUp": return moved(view, 0, STEP);
    case "ArrowDown": return moved(view, 0, -STEP);
    case "+": case "=": return nearer(view, 1);
    case "-": return nearer(view, -1);
    default: return null;
  }
}
