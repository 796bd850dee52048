/** Who changed what, when: asked for when there is network, kept sealed for when there is none. */
import { getJson } from "./api";
import { cacheKey, openCached, sealCached } from "./cache";
import { Problem } from "./problem";
import { session } from "./session";
import type { Person } from "./types";

export interface HistoryItem { version: number; op_id: string | null; instance_id: string | null; author: Person | null; at: string; changes: { property: string; from: unknown; to: unknown }[] }
export interface History { items: HistoryItem[]; at: string; fresh: boolean }

export async function keptHistory(entityId: string): Promise<History | null> {
  const at = session();
  const row = await at.db.cache.get(cacheKey("history", entityId));
  return row ? { items: await openCached<HistoryItem[]>(at, row), at: row.at, fresh: false } : null;
}

/** The server's, or the kept one when there is no network; null when neither is there. */
export async function loadHistory(entityId: string): Promise<History | null> {
  const at = session();
  try {
    const { items } = await getJson<{ items: HistoryItem[] }>(`/entities/${encodeURIComponent(entityId)}/history`, { token: at.account.token, timeoutMs: 15_000 });
    const row = await sealCached(at, cacheKey("history", entityId), items);
    await at.db.cache.put(row);
    return { items, at: row.at, fresh: true };
  } catch (cause) {
    if (cause instanceof Problem) return keptHistory(entityId);
    throw cause;
  }
}
