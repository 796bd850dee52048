/** A repeat row in a line: its name and the first answers. */
import type { RepeatInstanceNode } from "@getodk/xforms-engine";
import { readableAnswer } from "./answers";
import type { Say } from "./answers";
import { recordLabelOf } from "./record";
import { isAnswered, labelOf, questionsUnder, rowsAround } from "./tree";
import type { Question } from "./tree";

const IN_SUMMARY = 3;

function namingQuestion(row: RepeatInstanceNode): Question | undefined {
  return questionsUnder(row).find((question) => question.nodeType === "input" && question.valueType === "string");
}

/** The label of the row's record, else the first text answer: a person's name in every roster. "" while it is empty. */
export function rowTitle(row: RepeatInstanceNode): string {
  return recordLabelOf(row) || (namingQuestion(row)?.currentState.instanceValue ?? "");
}

/** The rows that a question stands in, by name: 王大山 › 第二处住房. "" outside repeats. */
export function rowNames(question: Question): string {
  return rowsAround(question).map((row) => rowTitle(row) || labelOf(row.parent)).join(" › ");
}

export function rowSummary(row: RepeatInstanceNode, language: string, say: Say): string {
  const title = rowTitle(row);
  const told = questionsUnder(row).filter((question) => question.currentState.instanceValue !== title && question.nodeType !== "note" && isAnswered(question));
  return told.slice(0, IN_SUMMARY).map((question) => readableAnswer(question, question.currentState.instanceValue, language, say)).join(" · ");
}
