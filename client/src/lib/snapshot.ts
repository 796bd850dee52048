/** The list rows that a draft is opened with; every base of its op comes from here. */
import { listCsv } from "./csv";
import type { FormRow } from "./database";
import { uuid4 } from "./ids";
import { Problem } from "./problem";
import { childrenOf, getRecord, type RecordView } from "./records";
import type { SeenRow, Snapshot } from "./types";
import { savePaths } from "./writes";

/** Members in an order that does not change from visit to visit: head first, then by age. */
function byAge(a: SeenRow, b: SeenRow): number {
  const rank = (row: SeenRow): string => `${row.data["relation"] === "02" ? 0 : 1}${String(row.data["birth_date"] ?? "9999")}${row.id}`;
  return rank(a) < rank(b) ? -1 : 1;
}

const withBranch = ({ dataset, id, label, base_version, parent, data, updated_at, updated_by }: RecordView): SeenRow => ({
  dataset, id, label, base_version, branch_id: uuid4(), parent, data, updated_at, updated_by,
});

/** A row of the household that no feed names by `household` still needs it: forms filter members by it. */
const withParent = (row: SeenRow, household: string): SeenRow => ({ ...row, data: { ...row.data, household: row.data["household"] ?? household } });

export async function takeSnapshot(householdId: string | null, form: FormRow): Promise<Snapshot> {
  const view = householdId ? await getRecord("household", householdId) : undefined;
  if (householdId && !view) throw new Problem("draft.missing", { detail: householdId });
  const household = view ? withBranch(view) : null;
  const children = new Map<string, SeenRow[]>();
  for (const dataset of new Set(["member", ...form.datasets])) {
    if (dataset !== "household") children.set(dataset, household ? await rowsOf(household.id, dataset) : []);
  }
  const others = [...children].flatMap(([dataset, rows]) => (dataset === "member" ? [] : rows));
  return { taken_at: new Date().toISOString(), household, members: children.get("member") ?? [], others, csv: listsOf(household, children, form) };
}

async function rowsOf(household: string, dataset: string): Promise<SeenRow[]> {
  return (await childrenOf(household, dataset)).map(withBranch).map((row) => withParent(row, household)).sort(byAge);
}

function listsOf(household: SeenRow | null, children: Map<string, SeenRow[]>, form: FormRow): Record<string, string> {
  const written = savePaths(form.xform).map((path) => path.property);
  const csv: Record<string, string> = { "household.csv": listCsv(household ? [household] : [], written) };
  for (const [dataset, rows] of children) csv[`${dataset}.csv`] = listCsv(rows, ["household", ...written]);
  return csv;
}
