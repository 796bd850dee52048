/** Versions of forms at the desk: what the server tells, in which order, and in which words. */
import { read, send } from "./api";
import type { Names } from "./wire";

export interface FormVersion {
  form_id: string; version: string; names: Names; state: "draft" | "published" | "retired"; datasets: string[]; purpose: string; about: string | null;
  roles: string[]; qualification: string | null; starts_on: string | null; offered_from: string | null; source_name: string; warnings: string[];
  created_at: string; published_at: string | null; retired_at: string | null; media: { name: string }[];
}
export interface FormChange {
  kind: string; path: string; labels: Names; from: string | null; to: string | null;
  breaks: "none" | "drafts" | "series" | "records"; why: Names; fix: Names;
}
export interface FormChanges { against: string | null; breaking: number; items: FormChange[] }
export type Uploaded = FormVersion & { changes: FormChanges };
export type Stage = "draft" | "waiting" | "offered" | "older" | "retired";
export interface FormGroup { form_id: string; names: Names; versions: (FormVersion & { stage: Stage })[] }

const versionPath = (form: Pick<FormVersion, "form_id" | "version">): string => `/forms/${encodeURIComponent(form.form_id)}/${encodeURIComponent(form.version)}`;

export const readForms = (): Promise<FormVersion[]> => read<FormVersion[]>("/forms", { state: "all" });
export const readForm = (formId: string, version: string): Promise<FormVersion> => read(versionPath({ form_id: formId, version }));
export const readChanges = (form: FormVersion): Promise<FormChanges> => read(`${versionPath(form)}/changes`);
export const readPreview = (form: FormVersion): Promise<{ url: string; qr_png: string }> => read(`${versionPath(form)}/preview`);
export const namePreviewers = (form: FormVersion, usernames: string[]): Promise<FormVersion> => send(`${versionPath(form)}/previewers`, { usernames });
export const publishForm = (form: FormVersion, startsOn: string | null): Promise<FormVersion> => send(`${versionPath(form)}/publish`, { starts_on: startsOn });
export const retireForm = (form: FormVersion): Promise<FormVersion> => send(`${versionPath(form)}/retire`, {});
export const codebookAddress = (formId: string): string => `/api/v1/forms/${encodeURIComponent(formId)}/codebook.xlsx`;

export const workbookAddress = (form: FormVersion): string =>
  `/api/v1/forms/${encodeURIComponent(form.form_id)}/${encodeURIComponent(form.version)}/workbook.xlsx`;

export function uploadForm(workbook: File, media: File[]): Promise<Uploaded> {
  const body = new FormData();
  body.append("file", workbook);
  for (const file of media) body.append("media", file);
  return send<Uploaded>("/forms", body, { timeoutMs: 120_000 });
}

/** Forms by name of form, each with its versions: what is offered now first, then what waits, drafts, and the past. */
export function grouped(forms: FormVersion[], now: Date = new Date()): FormGroup[] {
  const groups = new Map<string, FormVersion[]>();
  for (const form of forms) groups.set(form.form_id, [...(groups.get(form.form_id) ?? []), form]);
  return [...groups].map(([form_id, versions]) => {
    const staged = versions.map((form) => ({ ...form, stage: stageOf(form, versions, now) })).sort(byStage);
    return { form_id, names: staged[0]?.names ?? {}, versions: staged };
  }).sort((a, b) => (a.form_id < b.form_id ? -1 : 1));
}

const ORDER: Stage[] = ["offered", "waiting", "draft", "older", "retired"];
const byStage = (a: FormVersion & { stage: Stage }, b: FormVersion & { stage: Stage }): number =>
  ORDER.indexOf(a.stage) - ORDER.indexOf(b.stage) || (a.created_at < b.created_at ? 1 : -1);

/** Of the versions whose day has come, phones take the one whose day came last. */
export function stageOf(form: FormVersion, all: FormVersion[], now: Date = new Date()): Stage {
  if (form.state !== "published" || !form.offered_from) return form.state === "retired" ? "retired" : "draft";
  if (new Date(form.offered_from) > now) return "waiting";
  const begun = all.filter((other) => other.form_id === form.form_id && other.state === "published" && other.offered_from && new Date(other.offered_from) <= now);
  const newest = begun.sort((a, b) => when(b) - when(a) || (a.version < b.version ? 1 : -1))[0];
  return newest?.version === form.version ? "offered" : "older";
}
const when = (form: FormVersion): number => Date.parse(form.offered_from ?? "");

/** One language of a text that says "中文 / English"; a text in one language stays whole. */
export function half(text: string, language: string): string {
  const at = text.indexOf(" / ");
  if (at < 0) return text;
  return language === "zh" ? text.slice(0, at) : text.slice(at + 3);
}

/** The day after today, as a date input writes it: the first that a version may wait for. */
export function tomorrow(now: Date = new Date()): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1);
  return `${day.getFullYear()}-${String(day.getMonth() + 1).padStart(2, "0")}-${String(day.getDate()).padStart(2, "0")}`;
}
