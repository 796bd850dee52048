/** The texts of the policies, added when the page is opened. */
import i18n, { addMessages } from "@lib/i18n";
import { nameOf } from "../areas";
import { desk } from "../desk";
import en from "./en.json";
import zh from "./zh.json";

addMessages({ zh, en });
const { t, te, locale } = i18n.global;

/** The name of an area that is given by the beginning of its code. */
export const placeOf = (area: string): string => (area === "" ? t("policies.nation") : nameOf(desk.areas.find((one) => one.code === area.padEnd(12, "0"))?.names, locale.value) || area);

/** A unit behind a number, with its space. */
export const unitOf = (unit: string | null): string => (unit ? ` ${te(`unit.${unit}`) ? t(`unit.${unit}`) : unit}` : "");
