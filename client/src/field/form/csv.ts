/** Entity rows as the CSV that a form's secondary instance reads (RFC 4180). */

/** ODK's names for what the author's phone had seen of a record. */
export const VERSION_COLUMNS = ['__version', '__trunkVersion', '__branchId'] as const;

export interface ListRow {
  id: string;
  label: string;
  version: number;
  values: Readonly<Record<string, string>>;
}

function cell(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replace(/"/g, '""')}"` : value;
}

function columnsOf(rows: readonly ListRow[], declared: readonly string[]): string[] {
  const seen = new Set(declared);
  for (const row of rows) for (const name of Object.keys(row.values)) seen.add(name);
  for (const fixed of ['name', 'label', ...VERSION_COLUMNS]) seen.delete(fixed);
  return [...seen];
}

/** `declared`: properties the form reads; they become columns even when no row has them. */
export function toCsv(rows: readonly ListRow[], declared: readonly string[] = []): string {
  const columns = columnsOf(rows, declared);
  const lines = [['name', 'label', ...VERSION_COLUMNS, ...columns]];
  for (const row of rows) {
    const version = String(row.version);
    // A row served by our own server has no offline branch: its trunk is its version.
    lines.push([row.id, row.label, version, version, '', ...columns.map((name) => row.values[name] ?? '')]);
  }
  return lines.map((line) => line.map(cell).join(',')).join('\n') + '\n';
}
