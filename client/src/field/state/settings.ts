/** What the reader chose for this phone; not personal, so it is known before unlocking. */
import { ref } from "vue";

const LARGE = "ruhu-large-type";
export const largeType = ref(localStorage.getItem(LARGE) === "yes");

export function setLargeType(on: boolean): void {
  largeType.value = on;
  localStorage.setItem(LARGE, on ? "yes" : "no");
  document.documentElement.classList.toggle("large", on);
}

export const applySettings = (): void => void document.documentElement.classList.toggle("large", largeType.value);
