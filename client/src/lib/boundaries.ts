/** Boundaries of the areas that this worker sees, for the map: fetched seldom, kept sealed, there without a network. */
import type { Geometry } from "geojson";
import { getJson } from "./api";
import { readMeta, session, writeMeta, type Session } from "./session";

/** WGS-84. */
export interface Boundary { code: string; level: string; geometry: Geometry }
interface Kept { at: number; items: Boundary[] }

/** Boundaries move seldom. */
const WEEK_MS = 7 * 86_400_000;

export async function fetchBoundaries(at: Session, now: number = Date.now()): Promise<void> {
  const kept = await readMeta<Kept>(at.db, at.key, "boundaries");
  if (kept && now - kept.at < WEEK_MS) return;
  const { items } = await getJson<{ items: Partial<Boundary>[] }>("/regions?geometry=1", { token: at.account.token });
  const known = items.flatMap(({ code, level, geometry }): Boundary[] => (code && level && geometry ? [{ code, level, geometry }] : []));
  await writeMeta(at, "boundaries", { at: now, items: known } satisfies Kept);
}

/** Null before they were ever fetched. */
export async function loadBoundaries(): Promise<Boundary[] | null> {
  const at = session();
  return (await readMeta<Kept>(at.db, at.key, "boundaries"))?.items ?? null;
}
