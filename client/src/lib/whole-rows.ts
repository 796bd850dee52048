/** Reading what the phone still has. A browser keeps large rows in files of their own: one that a cleaner or a power cut took
 * can never be read again, and fails all that is read together with it.
 */
import type { Table } from "dexie";

/** Today's name of it in Chromium ("Data lost due to missing file"), and the one of older versions. */
export const isLost = (cause: unknown): boolean => ["NotReadableError", "DataError"].includes((cause as { name?: string } | null)?.name ?? "");

/** The rows of these keys, in their order, without those that are lost or not there. */
export async function wholeRows<T, K>(table: Table<T, K>, keys: K[]): Promise<T[]> {
  try {
    return (await table.bulkGet(keys)).filter((row) => row !== undefined);
  } catch (cause) {
    if (!isLost(cause)) throw cause;
    if (keys.length === 1) return [];
    const half = Math.ceil(keys.length / 2);
    return [...(await wholeRows(table, keys.slice(0, half))), ...(await wholeRows(table, keys.slice(half)))];
  }
}
