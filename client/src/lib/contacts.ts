/** A try to reach a household that needs no form: nobody home, refused, moved away. Queued like a visit. */
import { announce } from "./changes";
import { loadDefinitions, type Labels } from "./definitions";
import { uuid7 } from "./ids";
import { addOp, makeOp } from "./outbox";
import type { RecordView } from "./records";
import { session } from "./session";
import { inTurn } from "./turns";
import type { Visit } from "./types";

/** How a try may end without a form, the usual first; codes of the list `disposition`. */
export const DISPOSITIONS = ["nobody", "refused", "all_away", "lost", "empty", "unable"] as const;
export type Disposition = (typeof DISPOSITIONS)[number];

const PROPERTY = "contact_disposition";

/** Queues the try, with the version of the record that its author saw. Gives the op's id. */
export async function recordContact(household: Pick<RecordView, "id" | "label" | "base_version">, disposition: Disposition, visit: Visit): Promise<string> {
  const at = session();
  const body = { entity_id: household.id, disposition, visit, base_version: household.base_version };
  const op = await makeOp(at, {
    op_id: uuid7(), kind: "contact_attempt", body, depends_on: [], title: household.label, names: await wordsOf(disposition), instance_id: "", household_id: household.id, bases: [],
  });
  await inTurn("own-work", () => at.db.transaction("rw", [at.db.ops, at.db.counters, at.db.bases], () => addOp(at.db, op)));
  announce("outbox");
  return op.row.op_id;
}

/** As the code list names it; {} before the first sync. */
async function wordsOf(disposition: Disposition): Promise<Labels> {
  const properties = (await loadDefinitions()).find(({ name }) => name === "household")?.properties ?? [];
  return properties.find(({ name }) => name === PROPERTY)?.choices?.find(({ value }) => value === disposition)?.labels ?? {};
}
