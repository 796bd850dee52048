/** Days, times and amounts in a language. Making a format costs a slow phone more than using it a hundred times. */

const days = new Map<string, Intl.DateTimeFormat>();
const amounts = new Map<string, Intl.NumberFormat>();

export type Locale = "zh-CN" | "en-GB";

/** `options` of Intl.DateTimeFormat. */
export function inDays(date: Date, locale: Locale, options: Intl.DateTimeFormatOptions): string {
  const key = `${locale}${JSON.stringify(options)}`;
  const format = days.get(key) ?? new Intl.DateTimeFormat(locale, options);
  days.set(key, format);
  return format.format(date);
}

/** Two places after the point at most. */
export function inAmounts(amount: number, locale: Locale): string {
  const format = amounts.get(locale) ?? new Intl.NumberFormat(locale, { maximumFractionDigits: 2 });
  amounts.set(locale, format);
  return format.format(amount);
}
