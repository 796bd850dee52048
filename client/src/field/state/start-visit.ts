/** What can be done, and where: with a household, or in the village. */
import { onChange } from "@lib/changes";
import { mayRegister } from "@lib/form-settings";
import { listDrafts, newDraft, putDraft } from "@lib/drafts";
import { offeredForms, type FormFacts } from "@lib/forms";
import i18n from "@lib/i18n";
import { carriedInto } from "@lib/on-the-spot";
import { onSession, session } from "@lib/session";
import type { Draft } from "@lib/types";
import { calm } from "./calm";
import { inLanguage } from "./labels";

export interface FormChoice { form_id: string; name: string; purpose: string }
export interface FormGroup { key: string; forms: FormChoice[] }

/** In the order in which they are offered; purposes that no group names stand under "other". */
const GROUPS: readonly [key: string, purposes: readonly string[]][] = [
  ["visit", ["visit", "contact"]], ["livelihood", ["income", "clue", "measure"]], ["safety", ["housing", "water", "toilet"]],
  ["check", ["satisfaction", "inspection", "back_check", "rectification"]], ["other", []],
];

const groupOf = (purpose: string): string => GROUPS.find(([, purposes]) => purposes.includes(purpose))?.[0] ?? "other";
const choiceOf = (form: FormFacts): FormChoice => ({ form_id: form.form_id, name: inLanguage(form.names, form.form_id), purpose: form.settings.purpose });

/** Within a group in the order of its purposes, then by name. */
function inOrder(choices: FormChoice[]): FormChoice[] {
  const order = GROUPS.flatMap(([, purposes]) => purposes);
  const place = ({ purpose }: FormChoice): number => (order.includes(purpose) ? order.indexOf(purpose) : order.length);
  return [...choices].sort((a, b) => place(a) - place(b) || (a.name < b.name ? -1 : 1));
}

/** Forms about a household in their groups; a form that says nothing about itself (of another office) is one of them. */
export function groupsOf(forms: FormFacts[]): FormGroup[] {
  const choices = inOrder(forms.filter((form) => form.settings.about !== "region").map(choiceOf));
  return GROUPS.map(([key]) => ({ key, forms: choices.filter((choice) => groupOf(choice.purpose) === key) })).filter((group) => group.forms.length > 0);
}

export const householdForms = async (): Promise<FormGroup[]> => groupsOf(await offeredForms());

/** What is done in the village: forms about it, and the form that registers a household. */
export interface VillageWork { registers: FormChoice | null; forms: FormChoice[] }

export async function villageWork(): Promise<VillageWork> {
  const forms = await offeredForms();
  const registering = mayRegister(session().account.user) ? forms.find((form) => form.settings.registers) : undefined;
  return { registers: registering ? choiceOf(registering) : null, forms: inOrder(forms.filter((form) => form.settings.about === "region").map(choiceOf)) };
}

export async function draftsOf(householdId: string): Promise<Draft[]> {
  return (await listDrafts()).filter((draft) => draft.household_id === householdId);
}

const language = (): "zh" | "en" => (i18n.global.locale.value === "en" ? "en" : "zh");
const makeDraft = async (householdId: string | null, formId: string): Promise<Draft> => newDraft(householdId, formId, language(), await carriedInto(formId, householdId));

/** A visit that may be begun in a moment. Any change of the store makes it stale, and it names people. */
let prepared: { key: string; draft: Promise<Draft | null> } | null = null;
onChange(() => { prepared = null; });
onSession(() => { prepared = null; });

const keyOf = (householdId: string | null, formId: string): string => [householdId, formId, language()].join("|");

/** Nobody has touched the page for so long (ms): it is being read. */
const READING_MS = 400;

/** Reads the form of a draft that was left, while its household's page is read. */
export async function prepareDraft(draft: Draft, isRead: () => boolean): Promise<void> {
  await calm(READING_MS);
  if (isRead()) await (await import("../form/ahead")).readAhead(draft);
}

/** Makes ready, while the household's page is read, what its visit is opened with. `isRead`: the page still stands there. */
export async function prepareVisit(householdId: string, formId: string, isRead: () => boolean): Promise<void> {
  await calm(READING_MS);
  const key = keyOf(householdId, formId);
  if (prepared?.key === key || !isRead()) return;
  const draft = makeDraft(householdId, formId).catch(() => null); // told where it is begun
  prepared = { key, draft };
  const made = await draft;
  if (made && prepared?.draft === draft) await (await import("../form/ahead")).readAhead(made);
}

/** A form about households starts from this one's rows; null: about the village, or it registers a household. */
export async function startVisit(householdId: string | null, formId: string): Promise<Draft> {
  const made = prepared?.key === keyOf(householdId, formId) ? prepared.draft : null;
  prepared = null;
  const ready = await made;
  const draft = ready ? begunNow(ready) : await makeDraft(householdId, formId);
  await putDraft(session(), draft);
  return draft;
}

function begunNow(draft: Draft): Draft {
  const now = new Date().toISOString();
  return { ...draft, opened_at: now, updated_at: now, extra: { ...draft.extra, started_at: now } };
}
