/** Answers that were given for another household go into a new instance, where the form asks the same. */
import type { RootNode } from "@getodk/xforms-engine";
import { setAnswer } from "./answers";
import { everyNode, isQuestion } from "./tree";
import type { Question } from "./tree";

/** One answer may show the next question. */
const ROUNDS = 4;

/** A choice that this household's form does not offer is left out. */
function offers(question: Question, value: string): boolean {
  if (question.nodeType !== "select" && question.nodeType !== "rank") return true;
  const offered = new Set(question.currentState.valueOptions.map((option) => option.value));
  return value.split(/\s+/).every((one) => offered.has(one));
}

export function carryOver(root: RootNode, carried: readonly [reference: string, value: string][]): void {
  const waiting = new Map(carried);
  for (let round = 0; round < ROUNDS && waiting.size > 0; round += 1) {
    const before = waiting.size;
    for (const node of everyNode(root)) {
      const { reference, relevant, readonly } = node.currentState;
      const value = waiting.get(reference);
      if (value === undefined || !isQuestion(node) || !relevant || readonly || !offers(node, value)) continue;
      setAnswer(node, value);
      waiting.delete(reference);
    }
    if (waiting.size === before) return;
  }
}
