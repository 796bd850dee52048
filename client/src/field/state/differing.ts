/** What of a household and its people waits for a decision, in words.
 *
 * A record carries marks: names of properties, `@state` (archived against changed), `@rule:<id>` (what several people
 * wrote breaks a rule together), `@same` (another record looks like this one). A mark that this build does not know
 * gets a general sentence: no page shows a mark itself.
 */
import "../i18n/words";
import { personName } from "@lib/person-name";
import type { RecordView } from "@lib/records";
import type { ConflictEntry, ConflictHead, Person } from "@lib/types";
import { t } from "@lib/i18n";
import { dayText, inLanguage, propertyLabel, valueText } from "./labels";

const KINDS = { "@state": "state", "@rule": "rule", "@same": "duplicate" } as const;
type Kind = (typeof KINDS)[keyof typeof KINDS] | "property" | "other";

/** One of the values: what, by whom, when; `shown`: it stands on the page meanwhile. */
export interface Side { id: string; value: string; who: string; day: string; shown: boolean }

/** `what`: the names of the properties, where it is about values; `sides`: empty where the values are not on this phone. */
export interface Differing { id: string; what: string; text: string; sides: Side[] }

type Marked = Pick<RecordView, "id" | "dataset" | "label" | "contested">;

export function kindOf(mark: string): Kind {
  if (!mark.startsWith("@")) return "property";
  const [name = ""] = mark.split(":");
  return name in KINDS ? KINDS[name as keyof typeof KINDS] : "other";
}

/** One line for each mark of these records, the household's own first; values that belong together (a place) are one line.
 * `me`: whose values are called one's own.
 */
export const differingOf = (records: Marked[], conflicts: ConflictEntry[], me = ""): Differing[] =>
  records.flatMap((record) => marksOf(record, conflicts).map(({ mark, conflict }) => ({
    id: `${record.id} ${mark}`, what: whatOf(record, mark, conflict), text: textOf(record, mark, conflict), sides: conflict ? sidesOf(record.dataset, conflict, me) : [],
  })));

/** The marks with what is known of them; of a conflict over several properties the first mark speaks for all. */
function marksOf(record: Marked, conflicts: ConflictEntry[]): { mark: string; conflict: ConflictEntry | undefined }[] {
  const marks = record.contested.map((mark) => ({ mark, conflict: conflicts.find((one) => isAbout(one, record.id, mark)) }));
  return marks.filter(({ conflict }, place) => !conflict || marks.findIndex((other) => other.conflict === conflict) === place);
}

function isAbout(conflict: ConflictEntry, id: string, mark: string): boolean {
  if (conflict.entity_id !== id || conflict.state !== "open") return false;
  const kind = kindOf(mark);
  if (kind === "rule") return conflict.broken?.id === mark.slice("@rule:".length);
  if (kind === "duplicate" || kind === "other") return false;
  return !conflict.broken && (conflict.kind ?? kind) === kind && conflict.properties.includes(mark);
}

const whatOf = ({ dataset, label }: Marked, mark: string, conflict: ConflictEntry | undefined): string => (kindOf(mark) === "property" ? whose(dataset, label, labelsOf(dataset, conflict?.properties ?? [mark])) : "");

function textOf(record: Marked, mark: string, conflict: ConflictEntry | undefined): string {
  const { dataset, label } = record;
  switch (kindOf(mark)) {
    case "property": return t("todo.contested", { what: whatOf(record, mark, conflict) });
    case "state": return t("todo.state", { who: label });
    case "rule": return [t("todo.rule", { who: label }), inLanguage(conflict?.broken?.message, "")].filter(Boolean).join(t("todo.because"));
    case "duplicate": return t(dataset === "household" ? "todo.same_household" : dataset === "member" ? "todo.same_person" : "todo.same_record", { who: label });
    default: return t("todo.other", { who: label });
  }
}

const sidesOf = (dataset: string, conflict: ConflictEntry, me: string): Side[] => conflict.heads.map((head) => ({
  id: head.op_id, value: wordsOf(dataset, conflict.properties, head.value), who: authorsOf(head, me), day: dayText(head.visit?.ended_at ?? head.visit?.started_at),
  shown: conflict.shown !== undefined && JSON.stringify(conflict.shown) === JSON.stringify(head.value),
}));

/** A value, or several with their names; empty ones said so. */
function wordsOf(dataset: string, properties: string[], value: unknown): string {
  const said = (name: string, one: unknown): string => valueText(dataset, name, one) || t("household.unknown");
  if (value === null || typeof value !== "object") return said(properties[0] ?? "", value);
  return Object.entries(value).map(([name, one]) => t("todo.named", { what: propertyLabel(dataset, name), value: said(name, one) })).join(t("common.comma"));
}

const labelsOf = (dataset: string, properties: string[]): string => properties.map((name) => propertyLabel(dataset, name)).join(t("common.comma"));

const nameOf = (author: Person | null | undefined, me: string): string => (author && author.id === me ? t("todo.you") : personName(author, t("history.somebody")));

/** Everybody who wrote this value. */
function authorsOf(head: ConflictHead, me: string): string {
  const people = [head, ...(head.witnesses ?? [])].map(({ author }) => nameOf(author, me));
  return [...new Set(people)].join(t("common.comma"));
}

/** What a person decided lately about these records: the value that stands, by whom and why. Newest first. */
export function settledOf(records: Marked[], conflicts: ConflictEntry[], me = "", now = Date.now()): { id: string; text: string }[] {
  const byId = new Map(records.map((record) => [record.id, record]));
  const lately = conflicts.filter((one) => one.state === "resolved" && one.resolution?.how === "chosen" && !one.broken && (one.kind ?? "property") === "property" && now - Date.parse(one.closed_at ?? "") < LATELY_MS);
  return lately.sort((a, b) => ((a.closed_at ?? "") < (b.closed_at ?? "") ? 1 : -1)).flatMap((one) => {
    const record = byId.get(one.entity_id);
    return record ? [{ id: one.id, text: settledText(record, one, me) }] : [];
  });
}

/** What was decided longer ago is in the history. */
const LATELY_MS = 30 * 86_400_000;

function settledText({ dataset, label }: Marked, conflict: ConflictEntry, me: string): string {
  const who = nameOf(conflict.resolution?.author, me);
  const what = whose(dataset, label, labelsOf(dataset, conflict.properties));
  const text = t("todo.settled", { what, who, day: dayText(conflict.closed_at), value: wordsOf(dataset, conflict.properties, decidedValue(conflict)) });
  return conflict.resolution?.reason ? `${text} ${t("todo.why", { reason: conflict.resolution.reason })}` : text;
}

/** What was decided, not what stands today: somebody may have changed it since. */
function decidedValue({ heads, resolution, shown }: ConflictEntry): unknown {
  if (resolution?.choose === "value") return resolution.value;
  const chosen = heads.find((head) => head.op_id === resolution?.choose || head.witnesses?.some((other) => other.op_id === resolution?.choose));
  return chosen ? chosen.value : shown;
}

/** The household's page needs no name for its own values. */
const whose = (dataset: string, label: string, what: string): string => (dataset === "household" ? what : `${label} · ${what}`);
