/** Who changed what, when: asked for when there is network, kept sealed for when there is none. */
import { getJson } from "./api";
import { Problem } from "./problem";
import { session } from "./session";
import type { Person } from "./types";
import { open, seal } from "./vault";

export interface HistoryItem { version: number; op_id: string | null; instance_id: string | null; author: Person | null; at: string; changes: { property: string; from: unknown; to: unknown }[] }
export interface History { items: HistoryItem[]; at: string; fresh: boolean }

export async function keptHistory(entityId: string): Promise<History | null> {
  const { db, key } = session();
  const row = await db.cache.get(`history:${entityId}`);
  return row ? { items: await open<HistoryItem[]>(key, `cache:${row.key}`, row.sealed), at: row.at, fresh: false } : null;
}

/** The server's, or the kept one when there is no network; null when neither is there. */
export async function loadHistory(entityId: string): Promise<History | null> {
  const { db, key, account } = session();
  try {
    const { items } = await getJson<{ items: HistoryItem[] }>(`/entities/${encodeURIComponent(entityId)}/history`, { token: account.token, timeoutMs: 15_000 });
    const row = { key: `history:${entityId}`, at: new Date().toISOString() };
    await db.cache.put({ ...row, sealed: await seal(key, `cache:${row.key}`, items) });
    return { items, at: row.at, fresh: true };
  } catch (cause) {
    if (cause instanceof Problem) return keptHistory(entityId);
    throw cause;
  }
}
