/** What can be done, and where: with a household, or in the village. */
import { mayRegister } from "@lib/form-settings";
import { listDrafts, openDraft } from "@lib/drafts";
import { offeredForms, type FormFacts } from "@lib/forms";
import i18n from "@lib/i18n";
import { carriedInto } from "@lib/on-the-spot";
import { session } from "@lib/session";
import type { Draft } from "@lib/types";
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

/** A form about households starts from this one's rows; null: about the village, or it registers a household. */
export const startVisit = async (householdId: string | null, formId: string): Promise<Draft> =>
  openDraft(householdId, formId, i18n.global.locale.value === "en" ? "en" : "zh", await carriedInto(formId, householdId));
