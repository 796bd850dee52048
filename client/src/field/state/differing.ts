/** What of a household and its people waits for a decision, in words.
 *
 * A record carries marks: names of properties, `@state` (archived against changed), `@rule:<id>` (what several people
 * wrote breaks a rule together), `@same` (another record looks like this one). A mark that this build does not know
 * gets a general sentence: no page shows a mark itself.
 */
import type { RecordView } from "@lib/records";
import type { ConflictEntry } from "@lib/types";
import { t } from "@lib/i18n";
import { inLanguage, propertyLabel } from "./labels";

const KINDS = { "@state": "state", "@rule": "rule", "@same": "duplicate" } as const;
type Kind = (typeof KINDS)[keyof typeof KINDS] | "property" | "other";

export interface Differing { id: string; text: string }

export function kindOf(mark: string): Kind {
  if (!mark.startsWith("@")) return "property";
  const [name = ""] = mark.split(":");
  return name in KINDS ? KINDS[name as keyof typeof KINDS] : "other";
}

/** One line for each mark of these records, the household's own first. */
export const differingOf = (records: Pick<RecordView, "id" | "dataset" | "label" | "contested">[], conflicts: ConflictEntry[]): Differing[] =>
  records.flatMap((record) => record.contested.map((mark) => ({ id: `${record.id} ${mark}`, text: textOf(record, mark, conflicts) })));

function textOf({ id, dataset, label }: Pick<RecordView, "id" | "dataset" | "label">, mark: string, conflicts: ConflictEntry[]): string {
  switch (kindOf(mark)) {
    case "property": return t("todo.contested", { what: whose(dataset, label, propertyLabel(dataset, mark)) });
    case "state": return t("todo.state", { who: label });
    case "rule": return [t("todo.rule", { who: label }), ruleText(id, mark, conflicts)].filter(Boolean).join(t("todo.because"));
    case "duplicate": return t(dataset === "household" ? "todo.same_household" : dataset === "member" ? "todo.same_person" : "todo.same_record", { who: label });
    default: return t("todo.other", { who: label });
  }
}

/** The household's page needs no name for its own values. */
const whose = (dataset: string, label: string, what: string): string => (dataset === "household" ? what : `${label} · ${what}`);

function ruleText(id: string, mark: string, conflicts: ConflictEntry[]): string {
  const rule = mark.slice("@rule:".length);
  return inLanguage(conflicts.find((one) => one.entity_id === id && one.state === "open" && one.broken?.id === rule)?.broken?.message, "");
}
