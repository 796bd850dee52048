/**
 * Fills a form with the phone's own engine as one case says, and tells what came of it: values, what is shown, what
 * stands in the way of finishing. The cases and the comparison are Python's (tests/forms/phone_engine.py).
 */
import type { AnyNode, RepeatRangeUncontrolledNode, RootNode } from "@getodk/xforms-engine";
import { setAnswer } from "../../src/field/form/answers";
import { instanceXmlOf, newInstance, readForm, type LoadedForm } from "../../src/field/form/engine";
import { everyNode, isQuestion, isRepeat } from "../../src/field/form/tree";

export interface Job {
  form: string;
  /** File name → CSV text. */
  files: Record<string, string>;
  answers: [path: string, value: string][];
  repeats: Record<string, number>;
  /** Paths whose value is asked for, and paths whose relevance is. */
  values: string[];
  relevant: string[];
}

export interface Outcome {
  /** null: the node is not there. */
  values: Record<string, string | null>;
  relevant: Record<string, boolean>;
  violations: { path: string; kind: string }[];
  /** Answers that nobody could have given: the question was not shown, or does not exist. */
  refused: { path: string; why: string }[];
  /** The engine's own words when the form does not open or an answer makes it stop. */
  failure: string | null;
  xml: string;
}

/** "/data/row[1]/name" and "/data/row/name" are one place. */
const placeOf = (path: string): string => path.replaceAll("[1]", "");

function find(root: RootNode, path: string): AnyNode | undefined {
  const wanted = placeOf(path);
  return everyNode(root).find((node) => placeOf(node.currentState.reference) === wanted);
}

/** Rows that a person adds by hand: as many as the case says. */
function addRows(root: RootNode, repeats: Record<string, number>): void {
  for (const [path, count] of Object.entries(repeats)) {
    const range = everyNode(root).find((node) => isRepeat(node) && placeOf(node.currentState.reference) === placeOf(path));
    if (range?.nodeType !== "repeat-range:uncontrolled" || !range.currentState.relevant) continue;
    const rows = range as RepeatRangeUncontrolledNode;
    while (rows.currentState.children.length < count) rows.addInstances();
  }
}

function answer(root: RootNode, path: string, value: string): string | null {
  const node = find(root, path);
  if (!node) return "absent";
  if (!isQuestion(node)) return "not a question";
  if (!node.currentState.relevant) return "not shown";
  if (node.currentState.readonly) return "read only";
  setAnswer(node, value);
  return null;
}

/** The text at a path of the instance; "…/@id" is an attribute. */
function textAt(instance: Document, path: string): string | null {
  const steps = placeOf(path).split("/").filter(Boolean).slice(1);
  let at: Element | undefined = instance.documentElement;
  for (const step of steps) {
    if (step.startsWith("@")) return at?.getAttribute(step.slice(1)) ?? null;
    const [, name = step, place = "1"] = /^(.+?)\[(\d+)\]$/.exec(step) ?? [];
    at = Array.from(at?.children ?? []).filter((child) => child.tagName === name || child.localName === name)[Number(place) - 1];
  }
  return at?.textContent ?? null;
}

function told(root: RootNode, job: Job, refused: Outcome["refused"]): Outcome {
  const xml = instanceXmlOf(root);
  const instance = new DOMParser().parseFromString(xml, "text/xml");
  const byId = new Map(everyNode(root).map((node) => [node.nodeId, node.currentState.reference]));
  return {
    values: Object.fromEntries(job.values.map((path) => [path, textAt(instance, path)])),
    relevant: Object.fromEntries(job.relevant.map((path) => [path, find(root, path)?.currentState.relevant ?? false])),
    violations: root.validationState.violations.map(({ nodeId, violation }) => ({ path: placeOf(byId.get(nodeId as never) ?? ""), kind: violation.condition })),
    refused, failure: null, xml,
  };
}

const failed = (cause: unknown): Outcome => ({ values: {}, relevant: {}, violations: [], refused: [], failure: cause instanceof Error ? cause.message : String(cause), xml: "" });

const read = new Map<string, Promise<LoadedForm>>();

/** Cases on the same rows share the parsed form: parsing costs more than filling. */
function readOnce(xform: string, files: Record<string, string>): Promise<LoadedForm> {
  const key = JSON.stringify([xform, files]);
  const known = read.get(key) ?? readForm({ xform, file: (name) => Promise.resolve(files[name] === undefined ? null : { text: files[name] }) });
  read.set(key, known);
  return known;
}

export async function fill(xform: string, job: Job): Promise<Outcome> {
  try {
    const root = newInstance(await readOnce(xform, job.files), { username: "case", installId: "case" });
    const refused: Outcome["refused"] = [];
    for (const [path, value] of job.answers) {
      addRows(root, job.repeats);
      const why = answer(root, path, value);
      if (why) refused.push({ path, why });
    }
    addRows(root, job.repeats);
    return told(root, job, refused);
  } catch (cause) {
    return failed(cause);
  }
}
