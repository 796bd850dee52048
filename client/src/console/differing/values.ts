/** Values in a reader's words: codes by their labels, groups line by line. Pure. */
import { nameOf } from "../areas";
import type { Conflict, Dataset, Property, Value } from "./wire";

export interface Line { label: string; text: string | null }

const propertyOf = (datasets: Dataset[], dataset: string, name: string): Property | undefined => datasets.find((one) => one.name === dataset)?.properties.find((one) => one.name === name);

/** A rule names its properties with their dataset (`member.sex`). */
function labelled(datasets: Dataset[], dataset: string, name: string): Property | undefined {
  const [first, second] = name.split(".");
  return second === undefined ? propertyOf(datasets, dataset, name) : propertyOf(datasets, first as string, second);
}

export const labelOf = (datasets: Dataset[], dataset: string, name: string, language: string): string => nameOf(labelled(datasets, dataset, name)?.labels, language) || name;

function textOf(property: Property | undefined, text: string | null, language: string): string | null {
  if (text === null || text === "") return null;
  const words = text.split(" ").map((code) => property?.choices.find((choice) => choice.value === code));
  if (property?.choices.length && words.every((choice) => choice)) return words.map((choice) => nameOf(choice?.labels, language)).join("、");
  return text;
}

/** A property's text in a reader's words; null where it is empty. */
export const wordsOf = (datasets: Dataset[], dataset: string, name: string, text: string | null, language: string): string | null => textOf(propertyOf(datasets, dataset, name), text, language);

/** One line for a value, several for a group. */
export function linesOf(datasets: Dataset[], conflict: Conflict, value: Value, language: string): Line[] {
  const parts = value !== null && typeof value === "object" ? Object.entries(value) : [[conflict.properties[0] ?? "", value] as const];
  return parts.map(([name, text]) => ({ label: labelOf(datasets, conflict.dataset, name, language), text: textOf(labelled(datasets, conflict.dataset, name), text, language) }));
}

/** The one property that may be entered anew; null where a group, a rule or two records are disputed. */
export function enterable(datasets: Dataset[], conflict: Conflict): Property | null {
  if (conflict.kind !== "property" || conflict.properties.length !== 1) return null;
  return propertyOf(datasets, conflict.dataset, conflict.properties[0] as string) ?? null;
}

/** All ops on screen: a value that nobody saw stays open. */
export const seenOf = (conflict: Conflict): string[] => conflict.heads.flatMap((head) => [head.op_id, ...head.witnesses.map((one) => one.op_id)]);
