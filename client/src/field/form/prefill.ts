/**
 * Known values in the hidden parts of a reopened draft. An instance holds what is relevant alone, so what the form had
 * prefilled where nothing was asked yet is not in it; shown later, such a question would stand empty and its blank
 * answer would clear what is known.
 */
import type { AnyNode, RootNode } from "@getodk/xforms-engine";
import type { DraftForm } from "@lib/types";
import { setAnswer } from "./answers";
import { answerWithHousehold, openForm } from "./engine";
import { everyNode } from "./tree";
import type { Question } from "./tree";

const ASKING = new Set<AnyNode["nodeType"]>(["input", "select", "rank", "range", "trigger"]);

/** Rows of repeats prefill by calculation, again and again; their places are people, so nothing is put there. */
function isHiddenQuestion(node: AnyNode): node is Question {
  const { relevant, readonly, reference } = node.currentState;
  return ASKING.has(node.nodeType) && !relevant && !readonly && !reference.includes("[");
}

/** The same form with everything shown. */
function allShown(xform: string): string {
  const form = new DOMParser().parseFromString(xform, "text/xml");
  for (const bind of Array.from(form.getElementsByTagNameNS("*", "bind"))) bind.removeAttribute("relevant");
  return new XMLSerializer().serializeToString(form);
}

/** Of every node of a new instance, by its reference. */
export type FirstValues = Map<string, string>;

export async function valuesAtFirst(form: Pick<DraftForm, "xform" | "file">, household: string): Promise<FirstValues> {
  const { root } = await openForm({ xform: allShown(form.xform), file: form.file });
  answerWithHousehold(root, household);
  return new Map(everyNode(root).map((node) => [node.currentState.reference, (node.currentState as { instanceValue?: string }).instanceValue ?? ""]));
}

/** Puts back what a new instance would have prefilled in the questions that are hidden now. `first`: where that is known already. */
export async function refill(root: RootNode, form: Pick<DraftForm, "xform" | "file">, household: string, first?: Promise<FirstValues | null>): Promise<void> {
  const hidden = everyNode(root).filter(isHiddenQuestion);
  if (hidden.length === 0 || !form.xform.includes("setvalue")) return;
  const values = (await first) ?? (await valuesAtFirst(form, household));
  for (const question of hidden) {
    const value = values.get(question.currentState.reference) ?? "";
    if (value !== "") setAnswer(question, value);
  }
}
