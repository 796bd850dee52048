/** The worker's choice between one question after another and a list; kept on this phone. */
import type { Mode } from "./steps";

const KEY = "ruhu-form-mode";

export function savedMode(): Mode {
  return localStorage.getItem(KEY) === "list" ? "list" : "one";
}

export function saveMode(mode: Mode): void {
  localStorage.setItem(KEY, mode);
}
