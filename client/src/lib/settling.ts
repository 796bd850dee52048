/** Deciding on the phone what stands where two people wrote different things; only where the dataset and the own role allow it. */
import { announce } from "./changes";
import { loadDefinitions, loadRegions, type Region } from "./definitions";
import { uuid7 } from "./ids";
import { addOp, makeOp } from "./outbox";
import { session } from "./session";
import { inTurn } from "./turns";
import type { ConflictEntry, Role } from "./types";

/** Roles that may decide in their own area whatever the dataset says. */
const ALWAYS = ["supervisor", "admin"];

export interface Settled { household_id: string; label: string; conflict: ConflictEntry; choose: string; reason: string }

/** Queues the decision with every value that was on screen: one that nobody has seen yet stays open. Gives the op's id. */
export async function settle({ household_id, label, conflict, choose, reason }: Settled): Promise<string> {
  const at = session();
  const body = { conflict_id: conflict.id, choose, reason: reason.trim(), seen: conflict.heads.map(({ op_id }) => op_id) };
  const op = await makeOp(at, { op_id: uuid7(), kind: "resolution", body, depends_on: [], title: label, names: {}, instance_id: "", household_id, bases: [] });
  await inTurn("own-work", () => at.db.transaction("rw", [at.db.ops, at.db.counters, at.db.bases], () => addOp(at.db, op)));
  announce("outbox");
  return op.row.op_id;
}

/** The datasets whose conflicts this worker may settle in this place. */
export async function settleable(region: string): Promise<string[]> {
  const [datasets, regions] = await Promise.all([loadDefinitions(), loadRegions()]);
  const roles = rolesAt(session().account.user.roles, region, regions);
  return datasets.filter(({ resolvers = [] }) => roles.some((role) => ALWAYS.includes(role) || resolvers.includes(role))).map(({ name }) => name);
}

/** PURE: the roles that reach down to a place. */
export function rolesAt(roles: Role[], region: string, regions: Region[]): string[] {
  const byCode = new Map(regions.map((one) => [one.code, one]));
  const above: string[] = [];
  for (let at = byCode.get(region); at && !above.includes(at.code); at = at.parent ? byCode.get(at.parent) : undefined) above.push(at.code);
  return roles.filter((role) => role.region !== null && [region, ...above].includes(role.region)).map(({ role }) => role);
}

/** PURE: the open conflict over one property of one record, where every value is here to choose from. */
export function conflictOver(conflicts: ConflictEntry[], record: string, property: string): ConflictEntry | undefined {
  const found = conflicts.find((one) => one.entity_id === record && one.state === "open" && !one.broken && (one.kind ?? "property") === "property" && one.properties.includes(property));
  return found?.heads.every(({ value }) => value !== undefined) ? found : undefined;
}
