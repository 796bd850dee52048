/** Which version of a policy something was judged by, as a person says it: the files and the desk give versions ids. */
import i18n from "@lib/i18n";
import { areaName } from "./desk";

const OF_NATION = /^national[_-](\d{4})$/;
const OF_DESK = /^(\d{2,12})-(\d{4}-\d\d-\d\d)-[0-9a-f]{8}$/;
const DAY = /^\d{4}-\d\d-\d\d$/;
const { t } = i18n.global;

/** A property that holds such an id, by its name: `water_policy`. */
export const isStandard = (property: string): boolean => property === "policy" || property.endsWith("_policy");

/** "national_2021", "national_2021@2024-01-01" or "national_2021 2021-05-01" (with the day from which it holds); other text stays. */
export function standardWords(text: string): string {
  const [id, day] = text.split(/[ @]/, 2) as [string, string?];
  const [nation, desk] = [OF_NATION.exec(id), OF_DESK.exec(id)];
  if (desk) return t("standard.desk", { area: areaName(desk[1]?.padEnd(12, "0") ?? "") || (desk[1] ?? ""), day: desk[2] ?? "" });
  if (!nation || (day && !DAY.test(day))) return text;
  return day ? t("standard.nation_from", { year: nation[1] ?? "", day }) : t("standard.nation", { year: nation[1] ?? "" });
}
