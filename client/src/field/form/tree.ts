/** Reading the engine"s tree: what is shown, in which order, under which heading. No Vue, no DOM. */
import type { AnyControlNode, AnyNode, RepeatInstanceNode, RepeatRangeNode } from "@getodk/xforms-engine";

export type Question = AnyControlNode;

const HEADING_ONLY = "label";

export function appearancesOf(node: AnyNode): string[] {
  return node.appearances === null ? [] : [...(node.appearances as unknown as Iterable<string>)];
}

export function hasAppearance(node: AnyNode, ...names: string[]): boolean {
  const own = appearancesOf(node);
  return names.some((name) => own.includes(name));
}

export function isRepeat(node: AnyNode): node is RepeatRangeNode {
  return node.nodeType === "repeat-range:controlled" || node.nodeType === "repeat-range:uncontrolled";
}

/** A leaf that a person sees: calculates and attributes are not, a table heading ("label") is not either. */
export function isQuestion(node: AnyNode): node is Question {
  switch (node.nodeType) {
    case "input": case "select": case "rank": case "range": case "trigger": case "upload": case "note":
      return !(node.nodeType === "select" && hasAppearance(node, HEADING_ONLY));
    default:
      return false;
  }
}

export function isShown(node: AnyNode): boolean {
  if (!node.currentState.relevant) return false;
  if (isRepeat(node)) return node.nodeType === "repeat-range:uncontrolled" || node.currentState.children.length > 0;
  if (node.nodeType === "group" || node.nodeType === "repeat-instance") return node.currentState.hasRelevantBodyNodes;
  return isQuestion(node);
}

export function shownChildren(node: AnyNode): readonly AnyNode[] {
  const children = (node.currentState.children ?? []) as readonly AnyNode[];
  return children.filter(isShown);
}

/** Every shown question below (or at) a node, rows of repeats included, in form order. */
export function questionsUnder(node: AnyNode): Question[] {
  if (isQuestion(node)) return isShown(node) ? [node] : [];
  return shownChildren(node).flatMap(questionsUnder);
}

/** "/data/row[1]/name" and "/data/row/name" are one place. */
const placeOf = (path: string): string => path.replaceAll("[1]", "");

/** The shown question at a path, or the first one below it; null when nothing of it is shown. */
export function questionAt(root: AnyNode, path: string): Question | null {
  const wanted = placeOf(path);
  const all = questionsUnder(root).map((question) => [placeOf(question.currentState.reference), question] as const);
  return (all.find(([place]) => place === wanted) ?? all.find(([place]) => place.startsWith(`${wanted}/`)))?.[1] ?? null;
}

/** Every node below, shown or not: for look-ups by id or reference. */
export function everyNode(node: AnyNode): AnyNode[] {
  const children = (node.currentState.children ?? []) as readonly AnyNode[];
  return [node, ...children.flatMap(everyNode)];
}

export function isAnswered(question: Question): boolean {
  return question.currentState.instanceValue !== "";
}

/** Notes and read-only questions ask nothing. */
export function asksSomething(question: Question): boolean {
  return question.nodeType !== "note" && !question.currentState.readonly;
}

export function labelOf(node: AnyNode): string {
  return (node.currentState.label?.asString ?? "").trim();
}

/** The rows (outermost first) that a node stands in. */
export function rowsAround(node: AnyNode): RepeatInstanceNode[] {
  const rows: RepeatInstanceNode[] = [];
  for (let at: AnyNode | null = node; at !== null && at.nodeType !== "root"; at = at.parent as AnyNode | null) {
    if (at.nodeType === "repeat-instance") rows.unshift(at);
  }
  return rows;
}
