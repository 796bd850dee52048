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

/** The properties of a merge group, which are entered together; empty where there is none. */
export function groupOf(datasets: Dataset[], conflict: Conflict): Property[] {
  if (conflict.kind !== "property" || conflict.properties.length < 2) return [];
  return conflict.properties.map((name) => propertyOf(datasets, conflict.dataset, name)).filter((one): one is Property => one !== undefined);
}

const WEIGHTS: Record<Conflict["kind"], number> = { duplicate: 4, state: 4, rule: 3, property: 1 };
/** How much hangs on a conflict: whether a record stands at all, a rule, a group of values, how many people differ. */
export const weightOf = (conflict: Conflict): number => WEIGHTS[conflict.kind] + (conflict.properties.length > 1 ? 1 : 0) + Math.max(0, conflict.heads.length - 2);

export const ORDERS = ["newest", "oldest", "weight", "household"] as const;
export type Order = (typeof ORDERS)[number];
/** A list in another order; what is alike stays as the server gave it, newest first. */
export function ordered(items: Conflict[], order: Order): Conflict[] {
  const sorted = [...items];
  if (order === "oldest") sorted.sort((a, b) => a.opened_at.localeCompare(b.opened_at));
  if (order === "weight") sorted.sort((a, b) => weightOf(b) - weightOf(a));
  if (order === "household") sorted.sort((a, b) => a.label.localeCompare(b.label, "zh") || a.entity_id.localeCompare(b.entity_id));
  return sorted;
}

/** All ops on screen: a value that nobody saw stays open. */
export const seenOf = (conflict: Conflict): string[] => conflict.heads.flatMap((head) => [head.op_id, ...head.witnesses.map((one) => one.op_id)]);
