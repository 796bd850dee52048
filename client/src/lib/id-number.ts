/** PURE: citizens' ID numbers (GB 11643-1999), read as the server reads them (server/forms/id_number.py). */

/** What a number says. `fault`: "" when it is good, else length, characters, date or check. */
export interface IdNumber { fault: "" | "length" | "characters" | "date" | "check"; birth: string; sex: string }

const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECKS = "10X98765432";

export function readIdNumber(text: string): IdNumber {
  const number = text.trim().toUpperCase();
  if (number.length !== 18) return { fault: "length", birth: "", sex: "" };
  if (!/^\d{17}[\dX]$/.test(number)) return { fault: "characters", birth: "", sex: "" };
  const birth = dayOf(number.slice(6, 14));
  const sex = Number(number[16]) % 2 ? "1" : "2";
  if (birth === "") return { fault: "date", birth, sex };
  return { fault: checkCharacter(number) === number[17] ? "" : "check", birth, sex };
}

const checkCharacter = (number: string): string | undefined => CHECKS[WEIGHTS.reduce((sum, weight, place) => sum + weight * Number(number[place]), 0) % 11];

/** YYYYMMDD → YYYY-MM-DD, "" when there is no such day. */
function dayOf(digits: string): string {
  const text = `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
  const day = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(day.getTime()) || day.toISOString().slice(0, 10) !== text || digits < "1800" ? "" : text;
}
