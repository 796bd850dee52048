/** PURE: an invented household with its records, to try a form on before it is published. */
import type { DatasetDefinition, PropertyDefinition } from "./definitions";
import { uuid4 } from "./ids";
import type { SeenRow, Values } from "./types";

/** Members are two, so that a roster is more than one; of every other list one record. */
const MEMBERS = ["示例甲 Sample A", "示例乙 Sample B"];
const OTHERS = ["示例 Sample"];
const SAMPLE = "示例 Sample";

export interface SampleRows { household: SeenRow; children: Map<string, SeenRow[]> }

export function sampleRows(definitions: DatasetDefinition[], datasets: string[], region: string): SampleRows {
  const household = rowOf(definitions, "household", SAMPLE, null, { region });
  const children = new Map(datasets.map((dataset) => [
    dataset, (dataset === "member" ? MEMBERS : OTHERS).map((label) => rowOf(definitions, dataset, label, household.id, { region })),
  ]));
  return { household, children };
}

function rowOf(definitions: DatasetDefinition[], dataset: string, label: string, parent: string | null, fixed: Values): SeenRow {
  const definition = definitions.find((one) => one.name === dataset);
  const data: Values = Object.fromEntries((definition?.properties ?? []).map((property) => [property.name, valueOf(property, label, fixed)]));
  if (parent) data[definition?.parent?.property ?? "household"] = parent;
  return { dataset, id: uuid4(), label, base_version: 1, branch_id: uuid4(), parent, data, updated_at: null, updated_by: null };
}

/** Something possible for each type; a property of free text that names the record gets its label. */
function valueOf(property: PropertyDefinition, label: string, fixed: Values): unknown {
  if (property.choices?.length) return property.choices[0]?.value;
  switch (property.type) {
    case "region": return fixed["region"];
    case "integer": case "decimal": return 1;
    case "date": return "2020-01-01";
    case "datetime": return "2020-01-01T08:00:00+08:00";
    case "geopoint": case "reference": return null;
    default: return /name/.test(property.name) ? label : null;
  }
}
