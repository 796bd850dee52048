/** Policies as the server tells them. */
import type { Names } from "../wire";

export interface PolicyValue { name: string; type: string; labels: Names; unit: string | null }
export interface PolicyVersion { id: string; labels: Names | null; area: string; from: string; until: string | null; status: "confirmed" | "indicative"; source: string; values: Record<string, string> }
export interface Policy { name: string; labels: Names; source: string; values: PolicyValue[]; loaded_at: string; versions: PolicyVersion[] }

/** How a version stands on a day (YYYY-MM-DD): `until` is the first day on which it no longer holds. */
export function standing(version: PolicyVersion, day: string): "current" | "future" | "past" {
  if (version.from > day) return "future";
  return version.until !== null && version.until <= day ? "past" : "current";
}

/** Whether an area (the beginning of a code) has to do with the chosen one: around it, or inside. */
export const concerns = (area: string, chosen: string | null): boolean => !chosen || chosen.startsWith(area) || area.startsWith(chosen.replace(/0+$/, ""));
