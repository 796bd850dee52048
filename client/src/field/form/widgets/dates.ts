/** Instance texts of dates and times ↔ what the browser's own pickers speak. */

export type DateKind = "date" | "time" | "dateTime" | "month" | "year";
export const INPUT_TYPES: Record<DateKind, string> = { date: "date", time: "time", dateTime: "datetime-local", month: "month", year: "number" };

function two(part: number): string {
  return String(part).padStart(2, "0");
}

/** "+08:00" for the given moment in the phone's own zone. */
export function offsetText(minutesWest: number): string {
  const minutes = -minutesWest;
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${two(Math.trunc(size / 60))}:${two(size % 60)}`;
}

/** A stored moment in the phone's own zone, for the picker. */
function localMoment(text: string): string {
  const moment = new Date(text);
  if (Number.isNaN(moment.getTime())) return text.slice(0, 16);
  const day = `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}`;
  return `${day}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}

export function toPicker(kind: DateKind, text: string): string {
  if (text === "") return "";
  if (kind === "dateTime") return localMoment(text);
  if (kind === "time") return text.slice(0, 5);
  return text.slice(0, { date: 10, month: 7, year: 4 }[kind]);
}

export function fromPicker(kind: DateKind, picked: string): string {
  if (picked === "") return "";
  if (kind === "date") return picked;
  if (kind === "month") return `${picked}-01`;
  if (kind === "year") return /^\d{4}$/.test(picked) ? `${picked}-01-01` : "";
  const seconds = picked.length === 5 || picked.length === 16 ? ":00.000" : ".000";
  const now = kind === "time" ? new Date() : new Date(picked);
  return `${picked}${seconds}${offsetText(now.getTimezoneOffset())}`;
}
