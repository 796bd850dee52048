/** A form opened to be tried, on invented rows and kept nowhere: a version that is not published yet, or the visit to learn on. */
import { getJson, getResponse } from "./api";
import type { FormRow } from "./database";
import { loadDefinitions, loadRegions } from "./definitions";
import { settingsOf } from "./form-settings";
import { newestForm, offeredForms } from "./forms";
import { uuid4 } from "./ids";
import { Problem } from "./problem";
import { sampleRows } from "./sample-rows";
import { session } from "./session";
import { datasetsOf, snapshotOf } from "./snapshot";
import type { Draft, DraftForm } from "./types";

interface Listed { form_id: string; version: string; hash: string; names: { zh?: string; en?: string }; datasets: string[]; media?: { name: string; hash: string }[] }

export interface Preview { draft: Draft; form: DraftForm }

export const fetchPreview = async (formId: string, version: string, language: "zh" | "en"): Promise<Preview> => openOn(await fetchRow(formId, version), language);

/** The visit's form as this phone has it, to learn on: needs no network. */
export async function openPractice(language: "zh" | "en"): Promise<Preview> {
  const visit = (await offeredForms()).find(({ settings }) => settings.purpose === "visit" && settings.about !== "region");
  if (!visit) throw new Problem("form.missing");
  return openOn(await newestForm(visit.form_id), language);
}

async function openOn(row: FormRow, language: "zh" | "en"): Promise<Preview> {
  const { household, children } = sampleRows(await loadDefinitions(), datasetsOf(row), await sampleRegion());
  const isAboutVillage = row.settings?.about === "region";
  const snapshot = await snapshotOf({ household: isAboutVillage ? null : household, listed: [household], children }, row, language);
  const now = new Date().toISOString();
  const draft: Draft = {
    id: uuid4(), form_id: row.form_id, version: row.version, household_id: snapshot.household?.id ?? null, title: snapshot.household?.label ?? "", opened_at: now, updated_at: now, snapshot, extra: { started_at: now },
  };
  const file: DraftForm["file"] = async (name) => {
    const text = snapshot.csv[name];
    if (text !== undefined) return { text };
    const bytes = row.media[name];
    return bytes ? { bytes } : null;
  };
  return { draft, form: { xform: row.xform, names: row.names, file } };
}

async function fetchRow(formId: string, version: string): Promise<FormRow> {
  const { token } = session().account;
  const path = `/forms/${encodeURIComponent(formId)}/${encodeURIComponent(version)}`;
  const [listed, answer] = await Promise.all([getJson<Listed>(path, { token }), getResponse(`${path}/xform`, { token, timeoutMs: 300_000 })]);
  const xform = await answer.text();
  const media: Record<string, Uint8Array> = {};
  for (const { name } of listed.media ?? []) {
    media[name] = new Uint8Array(await (await getResponse(`${path}/media/${encodeURIComponent(name)}`, { token, timeoutMs: 300_000 })).arrayBuffer());
  }
  return { form_id: formId, version, hash: listed.hash, names: listed.names, datasets: listed.datasets, xform, media, settings: settingsOf(xform) };
}

/** A place whose policies hold where the person who tries the form works. */
async function sampleRegion(): Promise<string> {
  const own = session().account.user.roles.find(({ region }) => region !== null)?.region ?? "";
  const below = (await loadRegions()).filter(({ level }) => level === "village").map(({ code }) => code);
  return below.find((code) => code.startsWith(own.replace(/0+$/, ""))) ?? below[0] ?? own;
}
