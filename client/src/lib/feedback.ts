/** A complaint or a suggestion for the administrators: queued like a visit, so it goes when there is a network. */
import { announce } from "./changes";
import { uuid7 } from "./ids";
import { addOp, makeOp } from "./outbox";
import { session } from "./session";
import { inTurn } from "./turns";

export const ABOUT = ["suggestion", "complaint"] as const;
export type About = (typeof ABOUT)[number];
export const MOST_LETTERS = 4000;

/** Queues it; gives the op's id. */
export async function sendFeedback(about: About, text: string): Promise<string> {
  const at = session();
  const body = { about, text: text.trim(), app_build: __APP_BUILD__ };
  const op = await makeOp(at, { op_id: uuid7(), kind: "feedback", body, depends_on: [], title: "", names: {}, instance_id: "", household_id: "", bases: [] });
  await inTurn("own-work", () => at.db.transaction("rw", [at.db.ops, at.db.counters, at.db.bases], () => addOp(at.db, op)));
  announce("outbox");
  return op.row.op_id;
}
