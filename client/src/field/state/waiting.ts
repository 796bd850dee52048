/** One line about everything that waits on this phone: how much, why, and what happens next. */
import "../i18n/words";
import i18n, { t } from "@lib/i18n";
import type { OutboxItem } from "@lib/outbox";

export interface Waiting { records: number; photos: number; bytes: number }
export type Reason = "sign_in" | "revoked" | "offline" | "failed" | "wifi" | "running" | "held" | "soon";

export function waitingOf(items: OutboxItem[]): Waiting {
  const records = items.filter(({ state }) => state === "saved");
  const photos = items.flatMap((item) => item.photos.dots.filter((dot) => !dot.sent));
  const bytes = records.reduce((sum, { size }) => sum + size, 0) + photos.reduce((sum, { size, share }) => sum + size * (1 - share), 0);
  return { records: records.length, photos: photos.length, bytes };
}

export interface Line { online: boolean; running: boolean; outcome: string | null; failed: boolean; photosWait: boolean; held: boolean }

/** The first that is true: what a person can do something about comes before what ends by itself. */
export function reasonOf({ records, photos }: Waiting, line: Line): Reason {
  if (line.outcome === "sign_in" || line.outcome === "revoked") return line.outcome;
  if (line.running) return "running";
  if (!line.online || line.outcome === "offline") return "offline";
  if (line.failed) return "failed";
  if (records === 0 && photos > 0 && line.photosWait) return "wifi";
  return records === 0 && photos === 0 && line.held ? "held" : "soon";
}

const counted = (key: string, n: number): string => i18n.global.t(key, { n }, n);

/** Empty where nothing waits. */
export function waitingText(waiting: Waiting, reason: Reason, size: string): string {
  const { records, photos } = waiting;
  if (records + photos === 0 && reason !== "held") return "";
  const what = [records ? counted("waiting.records", records) : "", photos ? counted("waiting.photos", photos) : ""].filter(Boolean).join(t("common.comma"));
  const why = t(`waiting.why.${reason}`);
  return what ? t("waiting.line", { what, size, why }) : why;
}
