/** A reason in words, and what it measured, with its unit. */
import i18n, { t } from "@lib/i18n";

/** A code that this console does not know yet is shown as it is. */
export const reasonName = (code: string): string => (i18n.global.te(`reason_name.${code}`) ? t(`reason_name.${code}`) : code);

const UNITS: Record<string, string> = {
  DIST_HH: "m", DATUM: "m", ACC_LOW: "m", ACC_ZERO: "m", EXIF_GPS: "m", FIX_STALE: "s", CLOCK: "s", EXIF_TIME: "h", SPEED: "kmh", DUP_EXACT: "places", DUP_NEAR: "bits", LOWRES: "px", DEV_NEW: "h",
};

/** "420 米"; a word stays as it is, nothing is null. */
export function measure(code: string, value: number | string | null | undefined): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string") return value || null;
  const n = Math.round(value * 10) / 10;
  return i18n.global.t(`measure.${UNITS[code] ?? "plain"}`, { n }, n);
}

/** What it was held against; null where any at all is worth a look, such as the same file elsewhere. */
export const limitOf = ({ code, limit }: { code: string; limit?: number | string | null }): string | null => (limit === 0 ? null : measure(code, limit));
