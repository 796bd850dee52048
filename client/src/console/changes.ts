/** What a submission changed, in the order a reader wants it: changed first, contested marked, the rest folded. */
import type { Field, WrittenRecord } from "./wire";

export type Kind = "changed" | "added" | "cleared" | "waits" | "same";

/** How a field came out of the submission. */
export function kindOf(field: Field): Kind {
  if (field.waits) return "waits";
  if (!field.changed) return "same";
  if (!field.before) return "added";
  return field.after ? "changed" : "cleared";
}

/** Fields that the submission touched, and those that stayed. */
export function split(record: WrittenRecord): { touched: Field[]; same: Field[] } {
  const touched = record.fields.filter((field) => kindOf(field) !== "same");
  return { touched, same: record.fields.filter((field) => kindOf(field) === "same") };
}

/** How many values of how many records it touched; a new record counts its values. */
export function countTouched(records: WrittenRecord[]): number {
  return records.reduce((sum, record) => sum + split(record).touched.length, 0);
}
