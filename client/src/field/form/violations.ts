/** What still stands in the way of finishing. */
import type { AnyNode, RootNode } from "@getodk/xforms-engine";
import { everyNode, isQuestion } from "./tree";
import type { Question } from "./tree";
import { widgetOf } from "./widget";

export interface Violation {
  question: Question;
  condition: "required" | "constraint";
  /** The author's words in the active language, "" when there are none. */
  message: string;
}

export function violationOf(question: Question): Violation | null {
  const { violation } = question.validationState;
  if (!violation) return null;
  return { question, condition: violation.condition, message: violation.message?.asString ?? "" };
}

/** A question that this version cannot draw must never keep a visit from being saved. */
function blocks(question: Question): boolean {
  return widgetOf(question) !== "not_drawn";
}

export function violationsIn(root: RootNode): Violation[] {
  const broken = new Set(root.validationState.violations.map((violation) => violation.nodeId));
  if (broken.size === 0) return [];
  const questions = everyNode(root).filter((node: AnyNode): node is Question => broken.has(node.nodeId) && isQuestion(node));
  return questions.filter(blocks).flatMap((question) => violationOf(question) ?? []);
}
