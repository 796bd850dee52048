/** A mapping made column by column, as the server reads it (docs/IMPORT.md); JSON is YAML. Pure. */
import { nameOf } from "../areas";
import type { Dataset } from "../differing/wire";

/** What a column is: "" nothing, "region", "region_code", or "household.property" and the like. */
export interface Draft { source: string; headerRow: number; sheet: string; memberSheet: string; roles: Record<string, string>; key: string[] }
export const REGION = "region";
export const REGION_CODE = "region_code";
const PLACES = ["省", "市", "县", "区", "乡镇", "镇", "乡", "行政村", "村", "村民小组", "组"];
const SOURCE = /^[a-z][a-z0-9_]{0,59}$/;

/** What each column probably is, by the labels of the properties; a household's first, for they repeat in each row. */
export function guess(columns: string[], datasets: Dataset[]): Record<string, string> {
  const known = datasets.filter((one) => one.name === "household" || one.name === "member").flatMap((dataset) => dataset.properties
    .filter((property) => property.type !== "region" && property.type !== "reference")
    .flatMap((property) => [property.name, nameOf(property.labels, "zh"), nameOf(property.labels, "en")].map((label) => [label, `${dataset.name}.${property.name}`] as const)));
  const byLabel = new Map(known.reverse());
  return Object.fromEntries(columns.map((column) => [column, PLACES.includes(column) ? REGION : (byLabel.get(column.trim()) ?? "")]));
}

/** Why a draft cannot be sent yet: a key of the catalogue; null when it can. */
export function lackOf(draft: Draft): string | null {
  if (!SOURCE.test(draft.source)) return "needs_source";
  if (!draft.key.length) return "needs_key";
  return Object.values(draft.roles).some((role) => role === REGION || role === REGION_CODE) ? null : "needs_region";
}

const columnsOf = (draft: Draft, dataset: string): Record<string, string> =>
  Object.fromEntries(Object.entries(draft.roles).filter(([, role]) => role.startsWith(`${dataset}.`)).map(([column, role]) => [column, role.slice(dataset.length + 1)]));

export function mappingOf(draft: Draft): string {
  const [household, member] = [columnsOf(draft, "household"), columnsOf(draft, "member")];
  const names = Object.keys(draft.roles).filter((column) => draft.roles[column] === REGION);
  const code = Object.keys(draft.roles).find((column) => draft.roles[column] === REGION_CODE);
  const columnFor = (columns: Record<string, string>, property: string): string | undefined => Object.keys(columns).find((column) => columns[column] === property);
  const person = ["full_name", "birth_date"].map((name) => columnFor(member, name)).filter((name): name is string => name !== undefined);
  const idNumber = columnFor(member, "id_number");
  // One property for each column of the key, or what cadres registered is not found.
  const same = draft.key.map((column) => household[column]);
  const match = same.includes("household_no") && same.every(Boolean) ? { match: same } : {};
  return JSON.stringify({
    source: draft.source, header_row: String(draft.headerRow),
    household: { ...(draft.sheet ? { sheet: draft.sheet } : {}), key: draft.key, ...match, region: code ? { code } : { names }, columns: household },
    ...(Object.keys(member).length ? { member: { ...(draft.memberSheet ? { sheet: draft.memberSheet } : {}), household: draft.key, key: [...(idNumber ? [[idNumber]] : []), [...draft.key, ...person]], ...(idNumber ? { match: ["id_number"] } : {}), columns: member } } : {}),
  });
}

const KEY = "ruhu-console-register-";
/** A mapping that was used stays on this computer, under the register's name; it holds names of columns, no record. */
export const keepDraft = (draft: Draft): void => localStorage.setItem(KEY + draft.source, JSON.stringify(draft));
export function keptDraft(columns: string[]): Draft | null {
  for (let at = 0; at < localStorage.length; at++) {
    const name = localStorage.key(at) ?? "";
    if (!name.startsWith(KEY)) continue;
    const found = read(localStorage.getItem(name));
    if (found && Object.keys(found.roles).filter((column) => found.roles[column]).every((column) => columns.includes(column))) return found;
  }
  return null;
}
function read(text: string | null): Draft | null {
  try {
    const found = JSON.parse(text ?? "null") as Draft | null;
    return found && typeof found.roles === "object" && Array.isArray(found.key) ? found : null;
  } catch {
    return null;
  }
}
