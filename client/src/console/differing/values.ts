/** Values in a reader's words: codes by their labels, groups line by line. Pure. */
import { nameOf } from "../areas";
import { joined } from "../joined";
import type { Whole } from "../records/wire";
import type { Effects } from "../review/wire";
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
  if (property?.choices.length && words.every((choice) => choice)) return joined(words.map((choice) => nameOf(choice?.labels, language)));
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

export const ORDERS = ["oldest", "weight"] as const;
export type Order = (typeof ORDERS)[number];

/** What a difference is about, in words. */
export const titleOf = (datasets: Dataset[], conflict: Conflict, language: string): string => joined(conflict.properties.map((name) => labelOf(datasets, conflict.dataset, name, language)));

export interface Agreed { id: string; label: string; lines: Line[] }
/** Of the household and of each record that differs: what stands in it and nobody disputes. */
export function agreeing(datasets: Dataset[], whole: Whole, conflicts: Conflict[], language: string): Agreed[] {
  const about = new Set([whole.household.id, ...conflicts.map((one) => one.entity_id)]);
  return [whole.household, ...whole.below].filter(({ id }) => about.has(id)).map((entry) => {
    const disputed = new Set(conflicts.filter((one) => one.entity_id === entry.id).flatMap((one) => one.properties));
    const known = datasets.find(({ name }) => name === entry.dataset)?.properties ?? [];
    const lines = known.filter(({ name }) => !disputed.has(name)).map((one) => ({ label: nameOf(one.labels, language) || one.name, text: textOf(one, entry.data[one.name] ?? null, language) }));
    return { id: entry.id, label: entry.label, lines: lines.filter(({ text }) => text !== null) };
  });
}

/** Titles of what was chosen as it stands already: a decision all the same, but the record does not change by it. */
export const unchanged = (datasets: Dataset[], chosen: Conflict[], effects: Effects, language: string): string[] =>
  chosen.filter((one) => one.kind === "property" && !effects.records.some(({ id, changes }) => id === one.entity_id && changes.some(({ property }) => one.properties.includes(property)))).map((one) => titleOf(datasets, one, language));

/** What a person decided: the value chosen or given. */
export function decidedText(datasets: Dataset[], conflict: Conflict, language: string): string | null {
  const { choose, value } = conflict.resolution ?? {};
  const chosen = choose === "value" ? (value ?? null) : (conflict.heads.find(({ op_id }) => op_id === choose)?.value ?? null);
  const texts = linesOf(datasets, conflict, chosen, language).map(({ text }) => text);
  return texts.every((text) => text === null) ? null : joined(texts.map((text) => text ?? "–"));
}

/** Whether the same thing waits again, as after a decision that was taken back. */
export const isStillOpen = (open: Conflict[], decided: Conflict): boolean => open.some((one) => one.entity_id === decided.entity_id && one.kind === decided.kind && one.properties.join() === decided.properties.join());

/** All ops on screen: a value that nobody saw stays open. */
export const seenOf = (conflict: Conflict): string[] => conflict.heads.flatMap((head) => [head.op_id, ...head.witnesses.map((one) => one.op_id)]);
