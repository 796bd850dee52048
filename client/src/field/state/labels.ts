/** Names of places, properties and codes in the reader's language. */
import "../i18n/words";
import { computed, shallowRef } from "vue";
import { cellText } from "@lib/csv";
import { loadDefinitions, loadRegions, type DatasetDefinition, type Labels, type PropertyDefinition, type Region } from "@lib/definitions";
import { inAmounts, inDays, type Locale } from "@lib/formats";
import i18n, { t } from "@lib/i18n";
import type { AssignmentEntry } from "@lib/types";
import { follow } from "./syncing";

const datasets = shallowRef<DatasetDefinition[]>([]);
const regions = shallowRef<Region[]>([]);
const byCode = computed(() => new Map(regions.value.map((region) => [region.code, region])));

async function load(): Promise<void> {
  [datasets.value, regions.value] = await Promise.all([loadDefinitions(), loadRegions()]);
}
export const followLabels = (): (() => void) => follow(["records"], load);

/** Why somebody is sent; what a person wrote stands as it was written. */
export const reasonText = ({ reason, reason_en }: Pick<AssignmentEntry, "reason" | "reason_en">): string => (i18n.global.locale.value === "en" ? reason_en : null) ?? reason ?? "";

export const inLanguage = (labels: Labels | undefined, fallback: string): string =>
  (i18n.global.locale.value === "en" ? labels?.en ?? labels?.zh : labels?.zh ?? labels?.en) || fallback;

const findProperty = (dataset: string, name: string): PropertyDefinition | undefined =>
  datasets.value.find((item) => item.name === dataset)?.properties.find((item) => item.name === name);

export const cardOf = (dataset: string): string[] => datasets.value.find((item) => item.name === dataset)?.card ?? [];

/** What the server keeps of a record beside its properties begins with "@": it has words of ours. */
const OWN = ["@state", "@same_as"];
const ownName = (name: string): string => (OWN.includes(name) ? name.slice(1) : "other");

export const propertyLabel = (dataset: string, name: string): string =>
  (name.startsWith("@") ? t(`record.${ownName(name)}`) : inLanguage(findProperty(dataset, name)?.labels, name));

/** The spot that a photo shows; one of a form of another office has its form's words alone. */
export const slotText = (slot: string): string => t(i18n.global.te(`slot.${slot}`) ? `slot.${slot}` : "slot.other");

/** A value as people read it: codes by their names, amounts with their unit. */
export function valueText(dataset: string, name: string, value: unknown): string {
  const text = cellText(value);
  if (name.startsWith("@")) return ownText(name, text);
  if (text === "") return "";
  const property = findProperty(dataset, name);
  if (property?.type === "region") return regionName(text);
  const named = (code: string): string => inLanguage(property?.choices?.find((choice) => choice.value === code)?.labels, code);
  if (property?.choices?.length) return text.split(" ").map(named).join(t("common.comma"));
  if (property?.type === "date") return dateText(text);
  return property?.unit ? withUnit(text, property.unit) : text;
}

/** Whether the record counts, and whether it is another one written twice; the id of that one says nothing to people. */
function ownText(name: string, text: string): string {
  if (name === "@state") return t(text === "archived" ? "record.archived" : "record.active");
  if (name === "@same_as") return t(text ? "record.same" : "record.separate");
  return t("record.changed");
}

const locale = (): Locale => (i18n.global.locale.value === "en" ? "en-GB" : "zh-CN");

function withUnit(text: string, unit: string): string {
  const amount = Number(text);
  const shown = Number.isNaN(amount) ? text : inAmounts(amount, locale());
  return i18n.global.te(`unit.${unit}`) ? i18n.global.t(`unit.${unit}`, { n: shown }, amount === 1 ? 1 : 2) : `${shown} ${unit}`;
}

const nameOf = (region: Region): string => inLanguage(region.names, region.name);

/** "青石村 3组": the village, and the group where the record stands in one. */
export function regionName(code: string): string {
  const region = byCode.value.get(code);
  if (!region) return code;
  const above = region.level === "group" && region.parent ? byCode.value.get(region.parent) : undefined;
  const name = nameOf(region);
  // "Jinzhu Group 4" says its village already.
  return above && !name.includes(nameOf(above).replace(/ Village$/, "")) ? `${nameOf(above)} ${name}` : name;
}

const monthOf = (language: Locale): "long" | "short" => (language === "zh-CN" ? "long" : "short");

/** A day without a time, with its year. */
function dateText(text: string): string {
  const date = new Date(`${text.slice(0, 10)}T00:00:00`);
  if (Number.isNaN(date.getTime())) return text;
  return inDays(date, locale(), { year: "numeric", month: monthOf(locale()), day: "numeric" });
}

/** Dates as people say them; relative only within a day. */
export function dayText(time: string | null | undefined): string {
  if (!time) return "";
  const date = new Date(time);
  if (Number.isNaN(date.getTime())) return time;
  const today = new Date();
  if (time.length > 10 && date.toDateString() === today.toDateString()) return t("date.today", { time: inDays(date, locale(), { hour: "2-digit", minute: "2-digit" }) });
  const year = date.getFullYear() === today.getFullYear() ? undefined : "numeric" as const;
  return inDays(date, locale(), { year, month: monthOf(locale()), day: "numeric", weekday: "short" });
}

export function bytesText(bytes: number): string {
  if (bytes < 1024 * 1024) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MB` : `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}
