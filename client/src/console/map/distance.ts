/** Distances in words. A distance is a question to a person, never a verdict on one. */
import { t } from "@lib/i18n";

export interface Measured { distance_m: number | null; beyond_accuracy: boolean | null; accuracy_m: number | null }
export interface House { accuracy_m: number | null; placed_by_this_visit: boolean }

/** 8 → 8 米, 423 → 420 米, 1340 → 1.3 公里. */
export function length(metres: number): string {
  if (metres < 100) return t("length.metres", { n: Math.round(metres) });
  if (metres < 1000) {
    const tens = Math.round(metres / 10) * 10;
    if (tens < 1000) return t("length.metres", { n: tens });
  }
  return t("length.kilometres", { n: (metres / 1000).toFixed(metres < 99_500 ? 1 : 0) });
}

/** An accuracy never looks better than it is: rounded up. */
export const accuracy = (metres: number | null): string => (metres === null ? t("length.unknown") : t("length.metres", { n: Math.ceil(metres) }));

/** One sentence on where something was in respect to the house; `what` is visit or photo. */
export function placeSentence(what: "visit" | "photo", where: Measured | null, house: House | null): string {
  if (!where) return t(`place.${what}.none`);
  if (!house) return t("place.no_house", { accuracy: accuracy(where.accuracy_m) });
  if (house.placed_by_this_visit || where.distance_m === null) return t("place.new_house");
  const words = { distance: length(where.distance_m), accuracy: accuracy(where.accuracy_m) };
  return t(where.beyond_accuracy ? `place.${what}.apart` : `place.${what}.near`, words);
}
