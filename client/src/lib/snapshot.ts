/** The list rows that a draft is opened with; every base of its op comes from here. */
import { inWords } from "./core/bases";
import { listCsv } from "./csv";
import type { FormRow } from "./database";
import { loadDefinitions, loadRegions, type DatasetDefinition } from "./definitions";
import { uuid4 } from "./ids";
import { Problem } from "./problem";
import { childrenOf, getRecord, listRecords, type RecordView } from "./records";
import { settingsOf } from "./form-settings";
import { regionRows } from "./region-list";
import { session } from "./session";
import type { SeenRow, Snapshot } from "./types";
import { mediaNames, savePaths } from "./writes";

/** Members in an order that does not change from visit to visit: head first, then by age. */
function byAge(a: SeenRow, b: SeenRow): number {
  const rank = (row: SeenRow): string => `${row.data["relation"] === "02" ? 0 : 1}${String(row.data["birth_date"] ?? "9999")}${row.id}`;
  return rank(a) < rank(b) ? -1 : 1;
}

/** A form of an older vocabulary gets the row in the words that it knows. */
const inWordsOf = (form: FormRow, { dataset, data, entry, own }: RecordView): SeenRow["data"] => inWords(data, entry?.past, form.vocabulary?.[dataset], own);

const rowOf = (form: FormRow, view: RecordView): SeenRow => {
  const { dataset, id, label, base_version, parent, updated_at, updated_by } = view;
  return { dataset, id, label, base_version, branch_id: uuid4(), parent, data: inWordsOf(form, view), updated_at, updated_by };
};

/** Policies go by the region of the household, also where no property of it says so. */
const withRegion = (row: SeenRow, region: string): SeenRow => ({ ...row, data: { ...row.data, region: row.data["region"] ?? region } });

/** A row of the household that no feed names by its parent's property still needs it: forms filter rows by it. */
const withParent = (row: SeenRow, household: string, property: string): SeenRow => ({ ...row, data: { ...row.data, [property]: row.data[property] ?? household } });

/** Lists that are made otherwise. */
const NO_RECORDS = new Set(["household", "region"]);

/** A form's lists of records: what it reads as name.csv and brings no file for. Members always: they are shown beside every form. */
export function datasetsOf(form: Pick<FormRow, "xform" | "datasets" | "media">): string[] {
  const read = mediaNames(form.xform).filter((name) => name.endsWith(".csv") && !(name in form.media)).map((name) => name.slice(0, -4));
  return [...new Set(["member", ...form.datasets, ...read])].filter((dataset) => !NO_RECORDS.has(dataset));
}

/** `language`: of the names of places, which a list can say in one language only. */
export async function takeSnapshot(householdId: string | null, form: FormRow, language: "zh" | "en" = "zh"): Promise<Snapshot> {
  const view = householdId ? await getRecord("household", householdId) : undefined;
  if (householdId && !view) throw new Problem("draft.missing", { detail: householdId });
  const household = view ? withRegion(rowOf(form, view), view.region) : null;
  const definitions = await loadDefinitions();
  if (!household && aboutVillage(form)) return snapshotOf(await villageRows(form, definitions), form, language);
  const children = new Map<string, SeenRow[]>();
  for (const dataset of datasetsOf(form)) children.set(dataset, household ? await rowsOf(household.id, dataset, form, definitions) : []);
  return snapshotOf({ household, listed: household ? [household] : [], children }, form, language);
}

/** What a draft sees: its household, the households to choose from, and records by dataset. */
export interface Rows { household: SeenRow | null; listed: SeenRow[]; children: Map<string, SeenRow[]> }

/** The lists of these rows, with the policies and places that the form reads. */
export async function snapshotOf({ household, listed, children }: Rows, form: FormRow, language: "zh" | "en"): Promise<Snapshot> {
  const others = [...children].flatMap(([dataset, rows]) => (dataset === "member" ? [] : rows));
  const csv = { ...policiesOf(form), ...(await placesOf(form, language)), ...listsOf(listed, children, form, await loadDefinitions()) };
  return { taken_at: new Date().toISOString(), household, members: children.get("member") ?? [], others, csv };
}

async function villageRows(form: FormRow, definitions: DatasetDefinition[]): Promise<Rows> {
  const children = new Map<string, SeenRow[]>();
  for (const dataset of datasetsOf(form)) children.set(dataset, reads(form, dataset) ? await everyRow(dataset, form, definitions) : []);
  return { household: null, listed: await everyRow("household", form, definitions), children };
}

const parentProperty = (definitions: DatasetDefinition[], dataset: string): string => definitions.find((one) => one.name === dataset)?.parent?.property ?? "household";

async function rowsOf(household: string, dataset: string, form: FormRow, definitions: DatasetDefinition[]): Promise<SeenRow[]> {
  const property = parentProperty(definitions, dataset);
  return (await childrenOf(household, dataset)).map((view) => rowOf(form, view)).map((row) => withParent(row, household, property)).sort(byAge);
}

const aboutVillage = (form: FormRow): boolean => (form.settings ?? settingsOf(form.xform)).about === "region";
const reads = (form: FormRow, dataset: string): boolean => mediaNames(form.xform).includes(`${dataset}.csv`);

/** All that the worker holds, for a form about the village; only what the form names, because a draft keeps its lists. */
async function everyRow(dataset: string, form: FormRow, definitions: DatasetDefinition[]): Promise<SeenRow[]> {
  const property = parentProperty(definitions, dataset);
  const named = ([name]: [string, unknown]): boolean => name === "region" || form.xform.includes(name);
  const views = await listRecords(dataset);
  const rows = views.map((view) => withRegion(rowOf(form, view), view.region)).map((row) => (row.parent ? withParent(row, row.parent, property) : row));
  return rows.map((row) => ({ ...row, data: Object.fromEntries(Object.entries(row.data).filter(named)) })).sort(byLabel);
}

const byLabel = (a: SeenRow, b: SeenRow): number => (`${String(a.data["region"])}${a.label}${a.id}` < `${String(b.data["region"])}${b.label}${b.id}` ? -1 : 1);

/** The thresholds as they stood when the draft was opened: a policy that changes under it must not change its verdicts. */
function policiesOf(form: FormRow): Record<string, string> {
  const files = Object.entries(form.media).filter(([name]) => /^policy_.+\.csv$/.test(name));
  return Object.fromEntries(files.map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]));
}

async function placesOf(form: FormRow, language: "zh" | "en"): Promise<Record<string, string>> {
  if (!mediaNames(form.xform).includes("region.csv")) return {};
  return { "region.csv": regionRows(await loadRegions(), session().account.user, language) };
}

/** Each list with the columns that its dataset declares and that the form writes, so that a look-up in an empty list is empty and not an error. */
function listsOf(households: SeenRow[], children: Map<string, SeenRow[]>, form: FormRow, definitions: DatasetDefinition[]): Record<string, string> {
  const written = savePaths(form.xform);
  const columns = (dataset: string): string[] => [
    ...(definitions.find((one) => one.name === dataset)?.properties ?? []).map((property) => property.name),
    ...written.filter((path) => path.dataset === null || path.dataset === dataset).map((path) => path.property),
  ];
  const csv: Record<string, string> = { "household.csv": listCsv(households, ["region", ...columns("household")]) };
  for (const [dataset, rows] of children) csv[`${dataset}.csv`] = listCsv(rows, [parentProperty(definitions, dataset), ...columns(dataset)]);
  return csv;
}
