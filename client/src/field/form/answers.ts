/** Answers as people read them, and one way to write an answer from its instance text. */
import type { RankNode, SelectItem, SelectNode } from "@getodk/xforms-engine";
import { hasAppearance } from "./tree";
import type { Question } from "./tree";

/** The catalogue's words: (key under form.*, values) → text. */
export type Say = (key: string, values?: Record<string, unknown>) => string;

/** Writes an answer given as instance text; "" clears it. */
export function setAnswer(question: Question, text: string): void {
  switch (question.nodeType) {
    case "select": question.selectValues(text === "" ? [] : text.split(/\s+/)); break;
    case "rank": question.setValues(text === "" ? [] : text.split(/\s+/)); break;
    case "trigger": question.setValue(text !== ""); break;
    case "upload": question.setValue(text === "" ? null : new File([], text)); break;
    case "range": question.setValue(text === "" ? null : Number(text)); break;
    case "input": (question as { setValue(value: string): unknown }).setValue(text); break;
    case "note": break;
  }
}

function isNumeric(question: Question): boolean {
  return question.valueType === "int" || question.valueType === "decimal";
}

function canonical(question: Question, text: string): string {
  const trimmed = text.normalize("NFC").trim();
  if (trimmed === "") return "";
  if (isNumeric(question)) return String(Number(trimmed));
  if (question.nodeType === "select") return trimmed.split(/\s+/).sort().join(" ");
  return trimmed;
}

/** Equal as the merge would see it: 20 and 20.0, "a b" and "b a" are one answer. */
export function isSameAnswer(question: Question, text: string): boolean {
  return canonical(question, question.currentState.instanceValue) === canonical(question, text);
}

function choiceLabels(question: SelectNode | RankNode, text: string): string[] {
  const labels = new Map(question.currentState.valueOptions.map((option: SelectItem) => [option.value, option.label.asString.trim()]));
  return text.split(/\s+/).filter((value) => value !== "").map((value) => labels.get(value) || value);
}

/** 2026-08-03 in the reader's words; anything else as it stands. */
export function dateText(text: string, language: string): string {
  const parts = /^(\d{4})-(\d\d)-(\d\d)/.exec(text);
  if (!parts) return text;
  const day = new Date(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return day.toLocaleDateString(language === "zh" ? "zh-CN" : "en-GB", { year: "numeric", month: "long", day: "numeric" });
}

function placeText(text: string, say: Say): string {
  const [lat, lon, , accuracy] = text.split(/\s+/).map(Number);
  if (lat === undefined || lon === undefined || Number.isNaN(lat + lon)) return text;
  const where = `${lat.toFixed(5)}, ${lon.toFixed(5)}`;
  return accuracy ? `${where} ${say("place.accuracy", { metres: Math.round(accuracy) })}` : where;
}

function inputText(question: Question, text: string, language: string, say: Say): string {
  switch (question.valueType) {
    case "date": return dateText(text, language);
    case "dateTime": return `${dateText(text, language)} ${text.slice(11, 16)}`.trim();
    case "time": return text.slice(0, 5);
    case "int": case "decimal": return text.replace(/\.0+$/, "");
    case "geopoint": return placeText(text, say);
    default: return hasAppearance(question, "masked", "hidden-answer") ? "••••" : text;
  }
}

/** An instance text as the household would read it; "" stays "". */
export function readableAnswer(question: Question, text: string, language: string, say: Say): string {
  if (text === "") return "";
  switch (question.nodeType) {
    case "select": case "rank": return choiceLabels(question, text).join(language === "zh" ? "、" : ", ");
    case "trigger": return say("trigger.yes");
    case "upload": return say("file.held");
    default: return inputText(question, text, language, say);
  }
}
