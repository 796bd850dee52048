/** What the planner fills in, and what the server is told of it. */
import { reactive } from "vue";
import type { Inspection, Plan } from "./wire";

export interface PlanForm {
  id: string; name_zh: string; name_en: string; starts_on: string; ends_on: string; form_ids: string[]; design: string; stratum: string;
  villages: number; method: string; households: number; reserves: number; kin: boolean; recent: string; seed_way: string;
}
export const DESIGNS = ["two_stage", "stratified", "simple", "systematic", "census"];
const day = (later: number): string => new Date(Date.now() + later * 86_400_000).toLocaleDateString("sv");

/** Three villages of each township, ten households of each: what offices ask for most. */
export function newForm(): PlanForm {
  return reactive({
    id: crypto.randomUUID(), name_zh: "", name_en: "", starts_on: day(0), ends_on: day(13), form_ids: ["spot_check"], design: "two_stage", stratum: "township",
    villages: 3, method: "pps", households: 10, reserves: 5, kin: false, recent: "leave_out", seed_way: "dice",
  });
}

export function formOf(one: Inspection): PlanForm {
  const { plan } = one;
  return reactive({
    id: one.id, name_zh: one.names.zh ?? "", name_en: one.names.en ?? "", starts_on: one.starts_on, ends_on: one.ends_on, form_ids: [...one.form_ids],
    design: plan.design, stratum: plan.stratum ?? "none", villages: plan.villages?.count ?? 3, method: plan.villages?.method ?? "pps",
    households: plan.households?.count ?? 10, reserves: plan.reserves ?? 0, kin: Boolean(plan.always?.length), recent: one.recent, seed_way: one.seed_way,
  });
}

/** Only what the design goes by. */
export function planOf(form: PlanForm): Plan {
  const plan: Plan = { design: form.design };
  const divided = form.design === "stratified" || (form.design === "two_stage" && form.stratum !== "none");
  if (divided) plan.stratum = form.stratum === "none" ? "township" : form.stratum;
  if (form.design === "two_stage") plan.villages = { count: form.villages, method: form.method };
  if (form.design !== "census") Object.assign(plan, { households: { count: form.households }, reserves: form.reserves });
  if (form.kin) plan.always = [{ column: "cadre_kin", values: ["yes"] }];
  return plan;
}

export const bodyOf = (form: PlanForm, region: string): object => ({
  id: form.id, region, name_zh: form.name_zh, name_en: form.name_en, plan: planOf(form), form_ids: form.form_ids,
  recent: form.recent, seed_way: form.seed_way, starts_on: form.starts_on, ends_on: form.ends_on,
});
