/** Where a place lies, in words. A boundary is a question to a person, never a verdict. */
import { t } from "@lib/i18n";
import { length } from "../map/distance";
import { type Beside, type Datum, DATUMS } from "./wire";

/** In, at or outside the village, with metres; `village` is its name. */
export function besideSentence(beside: Beside | null, village: string): string {
  if (!beside) return t("spot.no_boundary");
  return t(`spot.${beside.where}`, { village, metres: length(beside.metres), limit: length(beside.limit) });
}

export const datumName = (datum: string | null): string => (DATUMS.includes(datum as Datum) ? t(`datum.${datum}`) : (datum ?? ""));
