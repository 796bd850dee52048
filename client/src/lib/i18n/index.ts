/** One catalogue per language; pages of other parts (form, console) bring their own and are merged here. */
import { createI18n } from "vue-i18n";
import en from "./en.json";
import zh from "./zh.json";

export type Language = "zh" | "en";
export interface Catalogue { [key: string]: string | Catalogue }
const KEY = "ruhu-language";

export function savedLanguage(): Language {
  return localStorage.getItem(KEY) === "en" ? "en" : "zh";
}

const i18n = createI18n<{ message: Catalogue }, string, false>({
  legacy: false,
  locale: savedLanguage(),
  fallbackLocale: "zh",
  messages: { zh, en },
});
export default i18n;

/** Adds a part's own messages, e.g. `addMessages({ zh, en })` at the top of a lazily loaded page. */
export function addMessages(parts: Record<Language, Catalogue>): void {
  for (const language of ["zh", "en"] as const) i18n.global.mergeLocaleMessage(language, parts[language]);
}

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language;
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
}

/** For code without a component. */
export const t = (key: string, values: Record<string, unknown> = {}): string => i18n.global.t(key, values);
