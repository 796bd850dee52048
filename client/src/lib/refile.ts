/** A visit filed under the wrong household: another one takes its place under the right one, with what the worker answered. */
import { copyPhotos, sentVisit } from "./corrections";
import { cellText } from "./csv";
import { putDraft } from "./drafts";
import { getForm } from "./forms";
import { uuid4 } from "./ids";
import { session } from "./session";
import { takeSnapshot } from "./snapshot";
import type { Draft, SubmissionBody } from "./types";
import { bareId, savePaths } from "./writes";
import { parseXml } from "./xml";

/** An answer by the question's reference, "/data/group/question". */
export type Carried = [reference: string, value: string];

/** Opens a draft for the right household; saved, it withdraws the visit and stands in its place. History keeps both. */
export async function openRefile(opId: string, householdId: string, language: "zh" | "en" = "zh"): Promise<Draft> {
  const at = session();
  const { sent, household_id } = await sentVisit(at, opId);
  const form = await getForm(sent.form_id, sent.form_version);
  const snapshot = await takeSnapshot(householdId, form, language);
  const now = new Date().toISOString();
  const draft: Draft = {
    id: uuid4(), form_id: sent.form_id, version: sent.form_version, household_id: householdId, title: snapshot.household?.label ?? "", opened_at: now, updated_at: now, snapshot,
    extra: { corrects: sent.instance_id, started_at: sent.visit.started_at, contact_mode: sent.visit.contact_mode, carry: answersGiven(sent, form.xform, household_id) },
  };
  await copyPhotos(at, opId, draft.id);
  await putDraft(at, draft);
  return draft;
}

/** PURE: what the worker answered, in the order of the form: not what was known of the wrong household, and no rows, whose people are others. */
export function answersGiven(sent: Pick<SubmissionBody, "instance_xml" | "entities">, xform: string, household: string): Carried[] {
  const rows = Array.from(parseXml(xform).getElementsByTagNameNS("*", "repeat"), (node) => node.getAttribute("nodeset") ?? "");
  const known = knownThen(sent, xform, household);
  const found: Carried[] = [];
  const walk = (node: Element, reference: string): void => {
    if (node.localName === "meta" || rows.includes(reference)) return;
    for (const child of Array.from(node.children)) walk(child, `${reference}/${child.localName}`);
    const value = node.children.length === 0 ? (node.textContent ?? "").trim() : "";
    if (value !== "" && bareId(value) !== household && known.get(reference) !== value) found.push([reference, value]);
  };
  const root = parseXml(sent.instance_xml).documentElement;
  walk(root, `/${root.localName}`);
  return found;
}

/** The values of the wrong household that its form was opened with, by the question that shows them. */
function knownThen({ entities }: Pick<SubmissionBody, "entities">, xform: string, household: string): Map<string, string> {
  const base = entities.find((one) => one.dataset === "household" && bareId(one.id) === household)?.base ?? {};
  const shown = savePaths(xform).filter(({ dataset, property }) => (dataset ?? "household") === "household" && property in base);
  return new Map(shown.map(({ steps, property }) => [`/${steps.join("/")}`, cellText(base[property])]));
}
