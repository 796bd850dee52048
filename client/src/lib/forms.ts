/** The published forms on this phone: fetched whole, so that a visit can start without network. */
import { getJson, getResponse } from "./api";
import { announce } from "./changes";
import type { FormRow } from "./database";
import { isFor, isWanted, localDay, newestVersions, settingsOf, type FormSettings } from "./form-settings";
import { Problem } from "./problem";
import { listFormEntries } from "./records";
import { onSession, session, type Session } from "./session";
import type { FormEntry } from "./types";
import { mediaNames } from "./writes";

interface ListedForm { form_id: string; version: string; names: { zh?: string; en?: string }; datasets: string[]; vocabulary?: Record<string, number> }

/** A form as it is offered: with what it says about itself. */
export type OfferedForm = FormRow & { settings: FormSettings };

const withSettings = (row: FormRow): OfferedForm => ({ ...row, settings: row.settings ?? settingsOf(row.xform) });

/** What a list of forms shows of one: names and what it says about itself, without its text and files. */
export type FormFacts = Pick<OfferedForm, "form_id" | "version" | "names" | "settings">;

/** Known since the store was opened: a form's text is large, and pages ask after every change. */
const facts = new Map<string, FormFacts>();
onSession(() => facts.clear());

/** Forms that can start a new draft: for this person, the newest version of each whose day has come. */
export async function offeredForms(now: Date = new Date()): Promise<FormFacts[]> {
  const at = session();
  const known = await Promise.all(newestVersions(await listFormEntries(), now).map((entry) => factsOf(at, entry)));
  return known.filter((form): form is FormFacts => form !== undefined && isFor(form.settings, at.account.user, localDay(now)));
}

/** A version's names and settings never change; its hash is in the key all the same. */
async function factsOf(at: Session, { form_id, version, hash }: Pick<FormEntry, "form_id" | "version" | "hash">): Promise<FormFacts | undefined> {
  const key = [form_id, version, hash].join("|");
  const row = facts.has(key) ? undefined : await at.db.forms.get([form_id, version]);
  if (row) facts.set(key, { form_id, version, names: row.names, settings: withSettings(row).settings });
  return facts.get(key);
}

export async function newestForm(formId: string): Promise<OfferedForm> {
  const found = (await offeredForms()).find((form) => form.form_id === formId);
  if (!found) throw new Problem("form.missing", { detail: formId });
  return getForm(found.form_id, found.version);
}

export async function getForm(formId: string, version: string): Promise<OfferedForm> {
  const row = await session().db.forms.get([formId, version]);
  if (!row) throw new Problem("form.missing", { detail: `${formId} ${version}` });
  return withSettings(row);
}

/** Names of the forms of drafts, of retired versions too: drafts keep theirs. */
export async function namesOf(drafts: { form_id: string; version: string }[]): Promise<Map<string, FormRow["names"]>> {
  const at = session();
  const names = new Map<string, FormRow["names"]>();
  for (const { form_id, version } of drafts) {
    const known = names.has(form_id) ? undefined : await factsOf(at, { form_id, version, hash: "" });
    if (known) names.set(form_id, known.names);
  }
  return names;
}

/** Fetches every published form that is missing here or has changed, and files that changed under it; gives how many. */
export async function fetchForms(at: Session): Promise<number> {
  const wanted = await staleEntries(at);
  if (wanted.length === 0) return 0;
  const answer = await getJson<ListedForm[] | { items: ListedForm[] }>("/forms", { token: at.account.token });
  const listed = Array.isArray(answer) ? answer : answer.items;
  let fetched = 0;
  for (const { entry, kept } of wanted) {
    const form = listed.find((one) => one.form_id === entry.form_id && one.version === entry.version);
    // The server lists what this person may use; what is only in the feed is somebody else's.
    if (!form) continue;
    await at.db.forms.put(await fetchForm(at, entry, form, kept?.hash === entry.hash ? kept : null));
    fetched += 1;
  }
  if (fetched > 0) announce("forms");
  return fetched;
}

async function staleEntries(at: Session): Promise<{ entry: FormEntry; kept: FormRow | undefined }[]> {
  const open = (await listFormEntries()).filter((entry) => entry.state === "published" && isWanted(entry, at.account.user, localDay()));
  const rows = await at.db.forms.bulkGet(open.map((entry) => [entry.form_id, entry.version] as [string, string]));
  return open.map((entry, place) => ({ entry, kept: rows[place] })).filter(({ entry, kept }) => isStale(entry, kept));
}

export const isStale = (entry: FormEntry, kept: FormRow | undefined): boolean =>
  kept?.hash !== entry.hash || (entry.media ?? []).some(({ name, hash }) => kept.media_hashes?.[name] !== hash);

/** `same`: the kept row, when only files changed under the version. */
async function fetchForm(at: Session, entry: FormEntry, listed: ListedForm, same: FormRow | null): Promise<FormRow> {
  const path = `/forms/${encodeURIComponent(entry.form_id)}/${encodeURIComponent(entry.version)}`;
  const xform = same?.xform ?? (await (await getResponse(`${path}/xform`, { token: at.account.token, timeoutMs: 300_000 })).text());
  const hashes = Object.fromEntries((entry.media ?? []).map(({ name, hash }) => [name, hash]));
  const media: Record<string, Uint8Array> = {};
  for (const name of filesOf(xform, entry, listed)) {
    const known = same && name in hashes && same.media_hashes?.[name] === hashes[name] ? same.media[name] : undefined;
    const bytes = known ?? (await fetchMedia(at, `${path}/media/${encodeURIComponent(name)}`));
    if (bytes) media[name] = bytes;
  }
  const { names, datasets, vocabulary = {} } = listed;
  return { form_id: entry.form_id, version: entry.version, hash: entry.hash, names, datasets, vocabulary, xform, media, media_hashes: hashes, settings: settingsOf(xform) };
}

/** What is fetched with a form: the files that the server names; of an older server, all that are no list of records. */
function filesOf(xform: string, entry: FormEntry, listed: ListedForm): string[] {
  const named = entry.media?.map(({ name }) => name);
  return mediaNames(xform).filter((file) => named?.includes(file) ?? !listed.datasets.includes(file.replace(/\.csv$/, "")));
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
