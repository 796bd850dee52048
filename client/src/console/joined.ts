/** Several names, or several sentences without their stops, in one line, parted as the language that is read now parts them. */
import i18n from "@lib/i18n";

const isEnglish = (): boolean => i18n.global.locale.value === "en";
export const joined = (names: readonly (string | number)[]): string => names.join(isEnglish() ? ", " : "、");
export const clauses = (parts: readonly string[]): string => parts.join(isEnglish() ? "; " : "；");
