/** Own bases that are made anew: the row as it came, under what own ops without an outcome wrote (core/pages.ts says when). */
import { baseOf, type OwnWrite } from "./core/bases";
import { asPull } from "./core/pages";
import type { Happening } from "./core/round";
import type { Change } from "./core/state";
import type { BaseRow, OpRow } from "./database";
import { openOp } from "./outbox";
import { seenOf } from "./records";
import type { Session } from "./session";
import type { SeenRow, SubmissionBody } from "./types";
import { seal } from "./vault";
import { ownWrites, savePaths } from "./writes";

type MakeBase = Extract<Change, { do: "make-base" }>;

/** Sealed before the transaction opens; by key. */
export async function sealBasesAgain(at: Session, changes: Change[], event: Happening): Promise<Map<string, BaseRow>> {
  const made = new Map<string, BaseRow>();
  for (const change of changes.filter((one): one is MakeBase => one.do === "make-base")) {
    const base = await baseAgain(at, change, rowIn(event, change.entry));
    if (base) made.set(change.row.key, base);
  }
  return made;
}

function rowIn(event: Happening, entry: [string, number] | null): SeenRow | undefined {
  const pages = event.type === "answered" ? asPull(event.body)?.feeds : undefined;
  const found = entry ? pages?.[entry[0]]?.entries[entry[1]] : undefined;
  return found?.type === "entity" ? seenOf(found) : undefined;
}

async function baseAgain(at: Session, { row }: MakeBase, seen: SeenRow | undefined): Promise<BaseRow | null> {
  const ops = await at.db.ops.where("op_id").anyOf(row.ops).sortBy("seq");
  const made = baseOf(row.key, await Promise.all(ops.map(async (op) => ({ op_id: op.op_id, writes: await writesOf(at, op) }))), seen);
  return made ? { ...made.meta, ops: row.ops, sealed: await seal(at.key, `bases:${row.key}`, made.kept) } : null;
}

/** Nothing of an op whose form is not on this phone any more. */
async function writesOf(at: Session, op: OpRow): Promise<OwnWrite[]> {
  const { fields } = await openOp(at, op);
  const { form_id, form_version, instance_xml } = fields as unknown as SubmissionBody;
  const form = op.kind === "submission" ? await at.db.forms.get([form_id, form_version]) : undefined;
  return form ? ownWrites(instance_xml, savePaths(form.xform), op.household_id || null) : [];
}
