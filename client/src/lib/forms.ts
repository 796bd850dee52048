/** The published forms on this phone: fetched whole, so that a visit can start without network. */
import { getJson, getResponse } from "./api";
import { announce } from "./changes";
import type { FormRow } from "./database";
import { Problem } from "./problem";
import { listFormEntries } from "./records";
import { session, type Session } from "./session";
import type { FormEntry } from "./types";
import { mediaNames } from "./writes";

interface ListedForm { form_id: string; version: string; names: { zh?: string; en?: string }; hash: string; datasets: string[]; purpose?: string }

const isOpen = (entry: FormEntry): boolean => entry.state !== "retired";

/** Forms that can start a new draft, newest version of each. */
export async function availableForms(): Promise<FormRow[]> {
  const newest = newestVersions(await listFormEntries());
  const rows = await session().db.forms.bulkGet(newest.map((entry) => [entry.form_id, entry.version] as [string, string]));
  return rows.filter((row): row is FormRow => row !== undefined);
}

/** The version that was published last (its place in the feed says so). */
export function newestVersions(entries: FormEntry[]): FormEntry[] {
  const newest = new Map<string, FormEntry>();
  for (const entry of entries.filter(isOpen)) {
    const known = newest.get(entry.form_id);
    if (!known || known.n < entry.n) newest.set(entry.form_id, entry);
  }
  return [...newest.values()];
}

export async function newestForm(formId: string): Promise<FormRow> {
  const found = (await availableForms()).find((row) => row.form_id === formId);
  if (!found) throw new Problem("form.missing", { detail: formId });
  return found;
}

export async function getForm(formId: string, version: string): Promise<FormRow> {
  const row = await session().db.forms.get([formId, version]);
  if (!row) throw new Problem("form.missing", { detail: `${formId} ${version}` });
  return row;
}

/** Fetches every published form that is missing here or has changed; gives how many. */
export async function fetchForms(at: Session): Promise<number> {
  const wanted: FormEntry[] = [];
  for (const entry of (await listFormEntries()).filter(isOpen)) {
    const kept = await at.db.forms.get([entry.form_id, entry.version]);
    if (kept?.hash !== entry.hash) wanted.push(entry);
  }
  if (wanted.length === 0) return 0;
  const answer = await getJson<ListedForm[] | { items: ListedForm[] }>("/forms", { token: at.account.token });
  const listed = Array.isArray(answer) ? answer : answer.items;
  for (const entry of wanted) await at.db.forms.put(await fetchForm(at, entry, listed.find((form) => form.form_id === entry.form_id && form.version === entry.version)));
  announce("forms");
  return wanted.length;
}

async function fetchForm(at: Session, entry: FormEntry, listed: ListedForm | undefined): Promise<FormRow> {
  const path = `/forms/${encodeURIComponent(entry.form_id)}/${encodeURIComponent(entry.version)}`;
  const xform = await (await getResponse(`${path}/xform`, { token: at.account.token, timeoutMs: 300_000 })).text();
  const datasets = listed?.datasets ?? [];
  const media: Record<string, Uint8Array> = {};
  for (const name of mediaNames(xform).filter((file) => !datasets.includes(file.replace(/\.csv$/, "")))) {
    const bytes = await fetchMedia(at, `${path}/media/${encodeURIComponent(name)}`);
    if (bytes) media[name] = bytes;
  }
  return { form_id: entry.form_id, version: entry.version, hash: entry.hash, names: listed?.names ?? {}, datasets, xform, media };
}

/** A form may name a file that nobody uploaded; the form still opens and says so at its question. */
async function fetchMedia(at: Session, path: string): Promise<Uint8Array | null> {
  try {
    return new Uint8Array(await (await getResponse(path, { token: at.account.token, timeoutMs: 300_000 })).arrayBuffer());
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 404) return null;
    throw cause;
  }
}
