/** The answers as lines to read aloud: what was answered, and what it was before. */
import type { Snapshot } from "@lib/types";
import { isSameAnswer, readableAnswer } from "./answers";
import type { Say } from "./answers";
import { previousOf } from "./record";
import { rowNames } from "./rows";
import { questionsOf } from "./steps";
import type { Step } from "./steps";
import { asksSomething, isAnswered, isQuestion, labelOf } from "./tree";
import type { Question } from "./tree";

export interface ReadLine {
  question: Question;
  answer: string;
  /** The earlier answer where this visit changed it; null: unchanged or not known before. */
  was: string | null;
  /** Heading of a repeat row, on the first line of that row. */
  row: string;
}

export interface ReadPart { key: string; title: string; lines: ReadLine[]; blanks: number }

function changedFrom(question: Question, snapshot: Snapshot, language: string, say: Say): string | null {
  const previous = previousOf(question, snapshot);
  if (!previous || isSameAnswer(question, previous.value)) return null;
  return readableAnswer(question, previous.value, language, say);
}

function linesOf(questions: readonly Question[], snapshot: Snapshot, language: string, say: Say): ReadLine[] {
  let heading = "";
  return questions.map((question) => {
    const above = rowNames(question);
    const row = above === heading ? "" : above;
    heading = above;
    const { instanceValue } = question.currentState;
    const answer = readableAnswer(question, instanceValue, language, say) || say("read.cleared");
    return { question, answer, was: changedFrom(question, snapshot, language, say), row };
  });
}

/** A blank is told only where there was an answer before: "cleared" is a change. */
export function readBack(steps: readonly Step[], snapshot: Snapshot, hidden: ReadonlySet<string>, language: string, say: Say): ReadPart[] {
  return steps.map((step) => {
    const asked = questionsOf(step.nodes, hidden).filter(asksSomething);
    const told = asked.filter((question) => isAnswered(question) || previousOf(question, snapshot) !== null);
    const title = step.headings[step.headings.length - 1] ?? (step.nodes[0] && !isQuestion(step.nodes[0]) ? labelOf(step.nodes[0]) : "");
    return { key: step.key, title, lines: linesOf(told, snapshot, language, say), blanks: asked.length - told.length };
  }).filter((part) => part.lines.length + part.blanks > 0);
}
