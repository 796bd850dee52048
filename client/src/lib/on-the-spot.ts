/** Looking on the spot whether a finding was put right: what the check is begun with, and what one's own check said. */
import { openOp } from "./outbox";
import { listFindings } from "./records";
import type { Carried } from "./refile";
import { session, type Session } from "./session";
import type { FindingEntry, SubmissionBody } from "./types";
import { parseXml } from "./xml";

export const CHECK_FORM = "rectification_check";

/** `op_id`: of the own visit; empty where another phone made it. `why` and `due`: what is wanting, and the new day. */
export interface Check { op_id: string; instance_id: string; verified: string; why: string; due: string }

const dayOf = (time: string): string => new Date(Date.parse(time) + 8 * 3600_000).toISOString().slice(0, 10);

/** What the notice says, by the questions of the check: nobody types it again. */
export function noticeOf(finding: FindingEntry): Carried[] {
  const said: [string, string][] = [["finding_ref", finding.number], ["finding_kind", finding.kind], ["finding_text", finding.text], ["found_on", dayOf(finding.opened_at)], ["due_on", dueOf(finding)]];
  return said.filter(([, value]) => value !== "").map(([name, value]) => [`/data/finding/${name}`, value]);
}

/** The day that the village was given last. */
const dueOf = ({ steps }: FindingEntry): string => steps.map((step) => step.due ?? "").filter(Boolean).pop() ?? "";

const waitsForLook = (finding: FindingEntry): boolean => finding.side === "inspection" && finding.state === "claimed";

/** What a new visit of this form to this household is begun with. */
export async function carriedInto(formId: string, householdId: string | null): Promise<Carried[]> {
  if (formId !== CHECK_FORM || !householdId) return [];
  const here = (await listFindings()).filter((one) => waitsForLook(one) && one.household?.id === householdId);
  return here.length === 1 ? noticeOf(here[0] as FindingEntry) : [];
}

/** The last look on the spot that no step names yet: one's own, also while it is unsent, else what the server knows. */
export async function checkOf(finding: FindingEntry): Promise<Check | null> {
  if (!waitsForLook(finding) || !finding.household) return null;
  const used = new Set(finding.steps.map((step) => step.check));
  const own = (await ownChecks(session(), finding.household.id, finding.number)).find((one) => !used.has(one.instance_id));
  if (own) return own;
  const known = finding.check;
  return known && !used.has(known.instance_id) ? { op_id: "", instance_id: known.instance_id, verified: known.verified ?? "", why: "", due: "" } : null;
}

/** Newest first. */
async function ownChecks(at: Session, householdId: string, number: string): Promise<Check[]> {
  const rows = (await at.db.ops.orderBy("seq").reverse().toArray()).filter((row) => row.kind === "submission" && row.household_id === householdId && row.state !== "stuck");
  const found: Check[] = [];
  for (const row of rows) {
    const body = (await openOp(at, row)).fields as unknown as SubmissionBody;
    const said = body.form_id === CHECK_FORM ? parseXml(body.instance_xml).documentElement : null;
    const answer = (name: string): string => (said?.getElementsByTagName(name)[0]?.textContent ?? "").trim();
    if (said && answer("finding_ref") === number) found.push({ op_id: row.op_id, instance_id: body.instance_id, verified: answer("verified"), why: answer("explanation"), due: answer("next_due") });
  }
  return found;
}
