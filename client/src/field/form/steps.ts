/** A form as steps: one question after another, or section by section. Two views of one tree. */
import type { AnyNode, RootNode } from "@getodk/xforms-engine";
import { asksSomething, everyNode, hasAppearance, isAnswered, isQuestion, isRepeat, labelOf, questionsUnder, shownChildren } from "./tree";
import type { Question } from "./tree";
import { violationOf } from "./violations";

export type Mode = "one" | "list";

/** What stands on the screen at once. */
export interface Step {
  /** Stable while the form is open. */
  key: string;
  nodes: readonly AnyNode[];
  /** Headings above it, outermost first; never empty strings. */
  headings: string[];
  /** One question alone: drawn larger. */
  single: boolean;
}

export interface Progress { answered: number; asked: number }

export type StepState = "done" | "part" | "open" | "broken" | "reading";

type Hidden = ReadonlySet<string>;

function step(node: AnyNode, headings: string[], nodes: readonly AnyNode[] = [node]): Step {
  return { key: node.nodeId, nodes, headings, single: isQuestion(node) };
}

function withHeading(headings: string[], node: AnyNode): string[] {
  const label = labelOf(node);
  return label === "" ? headings : [...headings, label];
}

function questionSteps(node: AnyNode, headings: string[], hidden: Hidden): Step[] {
  if (hidden.has(node.nodeId)) return [];
  if (isQuestion(node) || isRepeat(node)) return [step(node, headings)];
  const below = withHeading(headings, node);
  if (node.nodeType === "group" && hasAppearance(node, "field-list")) return [step(node, below, shownChildren(node))];
  return shownChildren(node).flatMap((child) => questionSteps(child, below, hidden));
}

function isSection(node: AnyNode): boolean {
  return !isQuestion(node) && labelOf(node) !== "";
}

/** A section with more questions than this is told part by part, where it has parts. */
const LONG_SECTION = 12;

/** All of a group's questions, shown or not, so that an answer never splits the section that it stands in. */
const sizeOf = (node: AnyNode): number => everyNode(node).filter(isQuestion).length;
const isPart = (node: AnyNode): boolean => isSection(node) && !isRepeat(node);
const isLong = (node: AnyNode): boolean => sizeOf(node) > LONG_SECTION && shownChildren(node).some(isPart);

/** Groups and repeats with a label are sections; loose questions between them are gathered. Inside a section only groups are parts. */
function sectionSteps(parent: AnyNode, headings: string[], hidden: Hidden): Step[] {
  const isTop = headings.length === 0;
  const steps: Step[] = [];
  let loose: AnyNode[] = [];
  const close = (): void => {
    if (loose[0]) steps.push({ ...step(loose[0], headings, loose), single: false });
    loose = [];
  };
  for (const node of shownChildren(parent)) {
    if (hidden.has(node.nodeId)) continue;
    if (!(isTop ? isSection(node) : isPart(node))) { loose.push(node); continue; }
    close();
    const below = [...headings, labelOf(node)];
    if (isRepeat(node)) steps.push(step(node, []));
    else if (isTop && isLong(node)) steps.push(...sectionSteps(node, below, hidden));
    else steps.push(step(node, below, shownChildren(node)));
  }
  close();
  return steps;
}

/** `hidden`: ids of questions that the page answers itself (the household chosen outside the form). */
export function stepsOf(root: RootNode, mode: Mode, hidden: Hidden = new Set()): Step[] {
  return mode === "list" ? sectionSteps(root, [], hidden) : shownChildren(root).flatMap((node) => questionSteps(node, [], hidden));
}

export function questionsOf(nodes: readonly AnyNode[], hidden: Hidden = new Set()): Question[] {
  return nodes.flatMap(questionsUnder).filter((question) => !hidden.has(question.nodeId));
}

export function progressOf(questions: readonly Question[]): Progress {
  const asked = questions.filter(asksSomething);
  return { answered: asked.filter(isAnswered).length, asked: asked.length };
}

/** "done": answered, and nothing that must be answered is missing. "broken" counts a missing answer only where it was already pointed at. */
export function stateOf(questions: readonly Question[], insisted: (question: Question) => boolean): StepState {
  const broken = questions.some((question) => {
    const violation = violationOf(question);
    return violation !== null && (violation.condition === "constraint" || insisted(question));
  });
  if (broken) return "broken";
  const { answered, asked } = progressOf(questions);
  if (asked === 0) return "reading";
  if (answered === 0) return "open";
  return questions.some((question) => violationOf(question) !== null) ? "part" : "done";
}

function holds(ancestor: AnyNode, node: AnyNode): boolean {
  for (let at: AnyNode | null = node; at !== null; at = at.nodeType === "root" ? null : (at.parent as AnyNode)) {
    if (at.nodeId === ancestor.nodeId) return true;
  }
  return false;
}

/** Index of the step that shows a node (for a row's question: the cards of its repeat); -1 when none does. */
export function stepHolding(steps: readonly Step[], node: AnyNode): number {
  return steps.findIndex((one) => one.nodes.some((top) => holds(top, node)));
}

/** The next question after `after` (wrapping round) that still asks for something. */
export function nextUnanswered(questions: readonly Question[], after: string | null): Question | null {
  const start = questions.findIndex((question) => question.nodeId === after) + 1;
  const turned = [...questions.slice(start), ...questions.slice(0, start)];
  return turned.find((question) => asksSomething(question) && !isAnswered(question)) ?? null;
}
