/** Typed numbers: what Chinese keyboards give becomes plain digits; what is no number is not taken. */

const FULL_WIDTH = /[０-９．－。，]/g;
const PLAIN: Record<string, string> = { "．": ".", "。": ".", "－": "-", "，": "" };

function toPlain(text: string): string {
  return text.replace(FULL_WIDTH, (sign) => PLAIN[sign] ?? String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
}

/** Keeps digits, one leading minus and (for decimals) the first point. */
export function cleanNumber(text: string, decimals: boolean): string {
  const plain = toPlain(text).replace(/[^\d.-]/g, "").replace(/(?!^)-/g, "");
  if (!decimals) return plain.replace(/\..*$/, "");
  const [whole = "", ...rest] = plain.split(".");
  return rest.length === 0 ? whole : `${whole}.${rest.join("")}`;
}

/** 12345.6 → 12,345.6, for reading back under the field. */
export function grouped(text: string): string {
  const [whole = "", part] = text.split(".");
  const shown = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? shown : `${shown}.${part}`;
}

/** A number still being typed ("-", "3.") is no answer yet. */
export function isComplete(text: string): boolean {
  return text === "" || /^-?\d+(\.\d+)?$/.test(text);
}

/** The engine's "20.0" as a person writes it. */
export function asTyped(value: string): string {
  return value.replace(/\.0+$/, "").replace(/(\.\d*?)0+$/, "$1");
}
