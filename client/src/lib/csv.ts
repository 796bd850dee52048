/** PURE: list rows as the form engine reads them. */
import type { SeenRow, Values } from "./types";

/** One spelling for a value in a list: empty for null, choices separated by spaces, objects as JSON. */
export function cellText(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (Array.isArray(value)) return value.map(cellText).join(" ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

const quote = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replace(/"/g, '""')}"` : cell);

const FIXED = ["name", "label", "__version", "__trunkVersion", "__branchId"];

/** A record made here and not yet answered has version 1 and no trunk, as ODK clients write it. */
function fixedCells(row: SeenRow): Values {
  const born = row.base_version === 0;
  return { name: row.id, label: row.label, __version: born ? 1 : row.base_version, __trunkVersion: born ? "" : row.base_version, __branchId: row.branch_id };
}

/** A header and lines; cells with commas, quotes or line ends are quoted. */
export function csvText(columns: string[], rows: string[][]): string {
  return `${[columns, ...rows].map((cells) => cells.map(quote).join(",")).join("\n")}\n`;
}

/** `wanted`: columns that are there even if no row has the property. */
export function listCsv(rows: SeenRow[], wanted: string[] = []): string {
  const more = [...new Set([...wanted, ...rows.flatMap((row) => Object.keys(row.data))])].filter((name) => !FIXED.includes(name)).sort();
  const columns = [...FIXED, ...more];
  const body = rows.map((row) => {
    const all: Values = { ...row.data, ...fixedCells(row) };
    return columns.map((name) => cellText(all[name]));
  });
  return csvText(columns, body);
}
