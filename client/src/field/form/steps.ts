/** A form as steps (one question after another) and as sections (a list): two views of one tree. */
import type { AnyNode, RootNode } from '@getodk/xforms-engine';
import { asksSomething, hasAppearance, isAnswered, isQuestion, isRepeat, labelOf, questionsUnder, shownChildren } from './tree';
import type { Question } from './tree';

export interface Step {
  /** Stable while the form is open. */
  key: string;
  /** question: one on the screen; page: a group the author wants on one screen; repeat: the cards of its rows. */
  kind: 'question' | 'page' | 'repeat';
  node: AnyNode;
  /** Headings above it, outermost first, empty ones left out. */
  headings: string[];
}

export interface Section {
  key: string;
  title: string;
  nodes: readonly AnyNode[];
}

export interface Progress {
  answered: number;
  asked: number;
}

function isLabelled(node: AnyNode): boolean {
  return labelOf(node) !== '';
}

function stepsUnder(node: AnyNode, headings: string[], hidden: ReadonlySet<string>): Step[] {
  if (hidden.has(node.nodeId)) return [];
  if (isQuestion(node)) return [{ key: node.nodeId, kind: 'question', node, headings }];
  if (isRepeat(node)) return [{ key: node.nodeId, kind: 'repeat', node, headings }];
  if (node.nodeType === 'group' && hasAppearance(node, 'field-list')) {
    return [{ key: node.nodeId, kind: 'page', node, headings }];
  }
  const below = isLabelled(node) ? [...headings, labelOf(node)] : headings;
  return shownChildren(node).flatMap((child) => stepsUnder(child, below, hidden));
}

/** `hidden`: node ids that the page answers itself (the household chosen outside the form). */
export function stepsOf(root: RootNode, hidden: ReadonlySet<string> = new Set()): Step[] {
  return stepsUnder(root, [], hidden);
}

/** Groups and repeats with a label are sections; loose questions between them are gathered. */
export function sectionsOf(root: RootNode, hidden: ReadonlySet<string> = new Set()): Section[] {
  const sections: Section[] = [];
  let loose: AnyNode[] = [];
  const close = (): void => {
    const [first] = loose;
    if (first) sections.push({ key: first.nodeId, title: '', nodes: loose });
    loose = [];
  };
  for (const node of shownChildren(root)) {
    if (hidden.has(node.nodeId)) continue;
    if (isQuestion(node) || !isLabelled(node)) { loose.push(node); continue; }
    close();
    sections.push({ key: node.nodeId, title: labelOf(node), nodes: isRepeat(node) ? [node] : shownChildren(node) });
  }
  close();
  return sections;
}

export function questionsOf(nodes: readonly AnyNode[], hidden: ReadonlySet<string> = new Set()): Question[] {
  return nodes.flatMap(questionsUnder).filter((question) => !hidden.has(question.nodeId));
}

export function progressOf(questions: readonly Question[]): Progress {
  const asked = questions.filter(asksSomething);
  return { answered: asked.filter(isAnswered).length, asked: asked.length };
}

/** Where a question is drawn: its own step, the page that holds it, or the cards of its outermost repeat. */
export function stepHolding(steps: readonly Step[], node: AnyNode): number {
  return steps.findIndex((step) => step.node === node || holds(step.node, node));
}

function holds(ancestor: AnyNode, node: AnyNode): boolean {
  for (let at: AnyNode | null = node; at !== null && at.nodeType !== 'root'; at = at.parent as AnyNode | null) {
    if (at.nodeId === ancestor.nodeId) return true;
  }
  return false;
}

/** The next question at or after `from` (wrapping round) that still asks for something. */
export function nextUnanswered(questions: readonly Question[], after: string | null): Question | null {
  const start = questions.findIndex((question) => question.nodeId === after) + 1;
  const turned = [...questions.slice(start), ...questions.slice(0, start)];
  return turned.find((question) => asksSomething(question) && !isAnswered(question)) ?? null;
}
