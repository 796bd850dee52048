/** Policies and their changes as the server tells them. */
import { read, send } from "../api";
import type { Names, Page } from "../wire";

export interface PolicyValue { name: string; type: "integer" | "decimal" | "text"; labels: Names; unit: string | null; min: string | null; max: string | null; at_most: string | null; one_of: string[] }
export interface PolicyVersion { id: string; labels: Names | null; area: string; from: string; until: string | null; status: "confirmed" | "indicative"; source: string; values: Record<string, string> }
export interface Policy { name: string; labels: Names; source: string; values: PolicyValue[]; loaded_at: string; versions: PolicyVersion[] }

/** What a file or the page proposes; `area` is the beginning of a code. */
export interface Draft { area: string; from: string; until: string | null; status: "confirmed" | "indicative"; source: string; values: Record<string, string> }
export interface Difference { name: string; labels: Names; unit: string | null; type: string; before: string; after: string }
export interface EffectLine { line: number; kind: "verdict" | "rule"; name: string; labels: Names; before: string; after: string; before_labels: Names; after_labels: Names; severity: string | null; households: number }
export interface Effect { state: "waiting" | "running" | "ready" | "failed"; done: number; total: number; stale: boolean; households: number | null; lines: EffectLine[] }
export interface BriefChange extends Draft {
  id: string; policy: string; version: string; region: string; state: "draft" | "scheduled" | "withdrawn"; begun: boolean; ends: string | null;
  author: { display_name: string } | null; created_at: string; scheduled_by: { display_name: string } | null; scheduled_at: string | null;
}
export interface Change extends BriefChange { labels: Names; differences: Difference[]; keeping: { area: string; values: string[] }[]; obstacles: string[]; effect: Effect }
export interface EffectHousehold { id: string; label: string; region: string; lines: number[] }

const path = (id: string): string => `/policy-changes/${encodeURIComponent(id)}`;
export const readPolicies = (): Promise<Policy[]> => read<{ items: Policy[] }>("/policies").then(({ items }) => items);
export const readChanges = (): Promise<BriefChange[]> => read<{ items: BriefChange[] }>("/policy-changes").then(({ items }) => items);
export const readChange = (id: string): Promise<Change> => read(path(id));
export const propose = (id: string, policy: string, draft: Draft): Promise<Change> => send("/policy-changes", { id, policy, ...draft });
/** From a day on a version that was put in force here no longer holds. */
export const proposeEnd = (id: string, policy: string, ends: string, from: string): Promise<Change> => send("/policy-changes", { id, policy, ends, from });
export const weighAgain = (id: string): Promise<Change> => send(`${path(id)}/weigh`, {});
export const schedule = (id: string, reason: string): Promise<Change> => send(`${path(id)}/schedule`, { reason });
export const withdraw = (id: string, reason: string): Promise<Change> => send(`${path(id)}/withdraw`, { reason });
export const readHouseholds = (id: string, line: number, after?: string): Promise<Page<EffectHousehold>> => read(`${path(id)}/households`, { line: String(line), limit: "100", after });
export const sheetAddress = (policy: string, area: string): string => `/api/v1/policies/${encodeURIComponent(policy)}/sheet.csv?area=${encodeURIComponent(area)}`;

export function readFile(policy: string, file: File): Promise<Partial<Draft>> {
  const body = new FormData();
  body.append("file", file);
  return send(`/policies/${encodeURIComponent(policy)}/file`, body);
}

/** How a version stands on a day (YYYY-MM-DD): `until` is the first day on which it no longer holds. */
export function standing(version: { from: string; until: string | null }, day: string): "current" | "future" | "past" {
  if (version.from > day) return "future";
  return version.until !== null && version.until <= day ? "past" : "current";
}

/** Whether an area (the beginning of a code) has to do with the chosen one: around it, or inside. */
export const concerns = (area: string, chosen: string | null): boolean => !chosen || chosen.startsWith(area) || area.startsWith(chosen.replace(/0+$/, ""));

/** The shortest beginning of a region's code that names it: 990101000000 → 990101. */
export const areaOf = (code: string): string => [2, 4, 6, 9, 12].map((length) => code.slice(0, length)).find((start) => start.padEnd(12, "0") === code) ?? code;

/** The values that hold in an area on a day: what a version leaves out comes from the wider areas. */
export function held(policy: Policy, area: string, day: string): Record<string, string> {
  const holding = new Map<string, PolicyVersion>();
  const fitting = policy.versions.filter((one) => area.startsWith(one.area) && standing(one, day) === "current");
  for (const one of fitting.sort((a, b) => (a.from < b.from ? -1 : 1))) holding.set(one.area, one);
  const layers = [...holding.values()].sort((a, b) => a.area.length - b.area.length);
  return Object.assign({}, ...layers.map((one) => one.values)) as Record<string, string>;
}
