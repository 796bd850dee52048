/** Whether photos wait for Wi-Fi: the worker's choice for this phone, and what the browser says of the line. */
import { ref } from "vue";

const LATER = "ruhu-photos-later";
export const photosLater = ref(localStorage.getItem(LATER) === "yes");

export function setPhotosLater(on: boolean): void {
  photosLater.value = on;
  localStorage.setItem(LATER, on ? "yes" : "no");
}

interface Line { type?: string }
const line = (): Line | undefined => (navigator as Navigator & { connection?: Line }).connection;

/** Chrome on Android says what kind of line it is; others do not. */
export const knowsLine = (): boolean => typeof line()?.type === "string" && line()?.type !== "unknown";

/** Where the line is unknown, the choice alone counts: then it is a pause. */
export const photosWait = (): boolean => photosLater.value && (!knowsLine() || line()?.type === "cellular");
