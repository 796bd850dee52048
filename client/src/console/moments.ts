/** Dates and times in words: 11月21日 周六 15:40. Relative only within a day. */
import i18n, { t } from "@lib/i18n";

const tag = (): string => (i18n.global.locale.value === "en" ? "en-GB" : "zh-CN");

/** "11月21日 周六 15:40"; the year only when it is another. */
export function moment(text: string | null | undefined, now = new Date()): string {
  if (!text) return "–";
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  return `${dayWords(at, at.getFullYear() === now.getFullYear() ? undefined : "numeric")} ${clockTime(at)}`;
}

/** "11月21日 周六". */
export function dayWords(at: Date, year?: "numeric"): string {
  const day = at.toLocaleDateString(tag(), { year, month: i18n.global.locale.value === "en" ? "short" : "long", day: "numeric" });
  return `${day} ${at.toLocaleDateString(tag(), { weekday: "short" })}`;
}

/** For dense tables: "11-21 15:40", the year before it when it is another. */
export function shortMoment(text: string | null | undefined, now = new Date()): string {
  if (!text) return "–";
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return text;
  const day = `${two(at.getMonth() + 1)}-${two(at.getDate())} ${clockTime(at)}`;
  return at.getFullYear() === now.getFullYear() ? day : `${at.getFullYear()}-${day}`;
}

const two = (n: number): string => String(n).padStart(2, "0");
export const clockTime = (at: Date): string => `${two(at.getHours())}:${two(at.getMinutes())}`;

/** "40 分钟", "1 小时 5 分钟", "2 天". */
export function duration(milliseconds: number): string {
  const minutes = Math.round(Math.abs(milliseconds) / 60_000);
  if (minutes < 60) return t("time.minutes", { n: minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? t("time.hours_minutes", { h: hours, m: minutes % 60 }) : t("time.hours", { n: hours });
  return t("time.days", { n: Math.round(hours / 24) });
}

/** What the phone's clock showed beside the server's, in one sentence; null when nothing is known. */
export function clockSentence(clock: { server_time_seen?: string | null; device_time_then?: string | null; jumped?: boolean } | null): string | null {
  if (!clock?.server_time_seen || !clock.device_time_then) return clock?.jumped ? t("clock.jumped") : null;
  const ahead = Date.parse(clock.device_time_then) - Date.parse(clock.server_time_seen);
  if (Number.isNaN(ahead)) return null;
  const same = Math.abs(ahead) < 60_000;
  const sentence = same ? t("clock.same") : t(ahead > 0 ? "clock.ahead" : "clock.behind", { time: duration(ahead) });
  return clock.jumped ? `${sentence} ${t("clock.jumped")}` : sentence;
}
