/** What hangs on a record by its id: fetched about it, or begun here (an answer to a question). Sealed like everything else. */
import type { CacheRow } from "./database";
import type { Session } from "./session";
import { open, seal } from "./vault";

/** All kinds of it: a record that goes takes them along. */
export const HANGERS = ["history", "last-photos", "answer", "seen", "looked", "finding-text", "finding-photos", "parted", "arrived"] as const;

export const cacheKey = (hanger: (typeof HANGERS)[number], id: string): string => `${hanger}:${id}`;

export const openCached = <T>({ key }: Session, row: CacheRow): Promise<T> => open<T>(key, `cache:${row.key}`, row.sealed);

export const sealCached = async ({ key }: Session, name: string, content: unknown): Promise<CacheRow> =>
  ({ key: name, at: new Date().toISOString(), sealed: await seal(key, `cache:${name}`, content) });
