/** What the server tells of the results of an inspection. */
import type { Names } from "../wire";

export type Verdict = "meets" | "fails" | "too_small";
export type Result = "agrees" | "within" | "differs" | "not_asked" | "not_comparable";
export type Counts = Record<Result, number> & { checked: number; rate: number | null };

/** One rate: all shares between 0 and 1. `low` to `high` decides, `shown_low` to `shown_high` is drawn. */
export interface Indicator {
  code: string; names: Names; means: Names; verdict: Verdict | null; says: Names; limit: number; at_least: boolean; rule: string; confidence: number;
  count: number; base: number; households: number; estimate: number | null; design_effect: number | null; size: number | null;
  low: number | null; high: number | null; shown_low: number | null; shown_high: number | null;
}
export interface Response { form_id: string; names: Names | null; kind: "visit" | "phone"; tasks: number; answered: number; rate: number | null; dispositions: Record<string, number>; replaced: Record<string, number> }
export type ByKind = Counts & { kind: "fixed" | "stable" | "changing"; type: number };
export type ByForm = Counts & { form_id: string; names: Names | null };
export type ByQuestion = Counts & { form_id: string; question: string; labels: Names; dataset: string; property: string; kind: ByKind["kind"] };
export type ByRegion = Counts & { code: string; names: Names | null; above: string | null };
export interface Reason { code: string; names: Names; households?: number }

export interface Outcome {
  id: string; names: Names; region: string; state: string; starts_on: string; ends_on: string;
  sample: { households: number; reserves: number; villages: number; excluded: number; shared: number };
  response: Response[]; indicators: Indicator[];
  errors: { counts_changing: boolean; all: Counts; by_kind: ByKind[]; by_form: ByForm[]; by_question: ByQuestion[]; by_region: ByRegion[]; rules: string[] };
  below: { judged: number; households: number; reasons: Required<Reason>[] };
}

export interface HouseholdRow { household: string; label: string; village: string; village_names: Names | null; kind: "main" | "reserve"; disposition: string | null; checked: number; wrong: number; below: Reason[] }
export interface Value { value: string | null; words: Names | null }
export interface Compared {
  dataset: string; property: string; question: string; labels: Names; asked: Names | null; kind: ByKind["kind"]; unit: string | null;
  recorded: Value; found: Value; outcome: Result; why: Names; rule: string | null;
}
export interface ComparedForm { form_id: string; names: Names | null; disposition: string | null; instance_id: string | null; cadre_instance_id: string | null; version: number | null; items: Compared[] }
export interface OneHousehold extends HouseholdRow { forms: ComparedForm[] }

export interface Pattern { code: string; says: Names; value: number; limit: number; count: number; records: { instance_id: string; household: string | null; village_names: Names | null; started_at: string | null }[] }
export interface Patterns { form_id: string; names: Names | null; records: number; is_cut: boolean; least: number | null; rule: string | null; items: Pattern[] }
