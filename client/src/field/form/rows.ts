/** A repeat row in a line: its name and the first answers. */
import type { RepeatInstanceNode } from "@getodk/xforms-engine";
import { readableAnswer } from "./answers";
import type { Say } from "./answers";
import { isAnswered, questionsUnder } from "./tree";
import type { Question } from "./tree";

const IN_SUMMARY = 3;

function namingQuestion(row: RepeatInstanceNode): Question | undefined {
  return questionsUnder(row).find((question) => question.nodeType === "input" && question.valueType === "string");
}

/** The first text answer: a person's name in every roster. "" while it is empty. */
export function rowTitle(row: RepeatInstanceNode): string {
  return namingQuestion(row)?.currentState.instanceValue ?? "";
}

export function rowSummary(row: RepeatInstanceNode, language: string, say: Say): string {
  const naming = namingQuestion(row);
  const told = questionsUnder(row).filter((question) => question !== naming && question.nodeType !== "note" && isAnswered(question));
  return told.slice(0, IN_SUMMARY).map((question) => readableAnswer(question, question.currentState.instanceValue, language, say)).join(" · ");
}
