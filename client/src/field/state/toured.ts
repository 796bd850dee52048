/** Whether somebody on this phone has taken the tour or passed it over; says nothing about anybody. */
import { ref } from "vue";

const KEY = "ruhu-toured";
export const toured = ref(localStorage.getItem(KEY) === "yes");

export function markToured(): void {
  toured.value = true;
  localStorage.setItem(KEY, "yes");
}
