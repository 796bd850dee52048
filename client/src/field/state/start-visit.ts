/** Forms that can be started, the visit's own form first. */
import type { FormRow } from "@lib/database";
import { listDrafts, openDraft } from "@lib/drafts";
import { availableForms } from "@lib/forms";
import type { Draft } from "@lib/types";
import { inLanguage } from "./labels";

export interface FormChoice { form_id: string; name: string; aboutHousehold: boolean }

const choiceOf = (form: FormRow): FormChoice => ({ form_id: form.form_id, name: inLanguage(form.names, form.form_id), aboutHousehold: form.datasets.includes("household") });

export async function formChoices(): Promise<FormChoice[]> {
  const all = (await availableForms()).map(choiceOf);
  return all.sort((a, b) => Number(b.aboutHousehold) - Number(a.aboutHousehold) || (a.name < b.name ? -1 : 1));
}

export async function draftsOf(householdId: string): Promise<Draft[]> {
  return (await listDrafts()).filter((draft) => draft.household_id === householdId);
}

/** A form about households starts from this one's rows; any other form knows only which household it was opened for. */
export const startVisit = (householdId: string, formId: string): Promise<Draft> => openDraft(householdId, formId);
