/** PURE: how a form words one question, read from its XForm without opening it: its label and the names of its choices. */
import type { Labels } from "./definitions";
import { childrenNamed, parseXml } from "./xml";

export interface QuestionWords { label: Labels; choices: Map<string, Labels> }

const named = (node: Document | Element, name: string): Element[] => Array.from(node.getElementsByTagNameNS("*", name));
const inside = (node: Element, name: string): Element | undefined => childrenNamed(node, name)[0];
const plain = (node: Element | undefined): string => (node?.textContent ?? "").replace(/\s+/g, " ").trim();

/** "中文 (zh)", "English (en)", "zh". */
const languageOf = (name: string): keyof Labels | null => (/\bzh\b|中文/i.test(name) ? "zh" : /\ben\b|english/i.test(name) ? "en" : null);

type Texts = Map<string, Labels>;

function textsOf(form: Document): Texts {
  const texts: Texts = new Map();
  for (const translation of named(form, "translation")) {
    const language = languageOf(translation.getAttribute("lang") ?? "");
    if (!language) continue;
    for (const text of named(translation, "text")) {
      const id = text.getAttribute("id") ?? "";
      texts.set(id, { ...texts.get(id), [language]: plain(inside(text, "value")) });
    }
  }
  return texts;
}

function labelOf(node: Element | undefined, texts: Texts): Labels {
  const id = /jr:itext\(\s*['"]([^'"]+)['"]\s*\)/.exec(node?.getAttribute("ref") ?? "")?.[1];
  if (id !== undefined) return texts.get(id) ?? {};
  const text = plain(node);
  return text ? { zh: text, en: text } : {};
}

/** Choices written in the question, or the rows of the list that it names. */
function choicesOf(form: Document, control: Element, texts: Texts): Map<string, Labels> {
  const own = childrenNamed(control, "item").map((item) => [plain(inside(item, "value")), labelOf(inside(item, "label"), texts)] as const);
  const list = /instance\(\s*['"]([^'"]+)['"]/.exec(inside(control, "itemset")?.getAttribute("nodeset") ?? "")?.[1];
  const instance = named(form, "instance").find((one) => list !== undefined && one.getAttribute("id") === list);
  const rows = (instance ? named(instance, "item") : []).map((item) => {
    const id = inside(item, "itextId");
    return [plain(inside(item, "name")), id ? texts.get(plain(id)) ?? {} : labelOf(inside(item, "label"), texts)] as const;
  });
  return new Map([...own, ...rows].filter(([value]) => value !== ""));
}

/** Null when the form does not ask it. `path` may have positions. */
export function questionWords(xform: string, path: string): QuestionWords | null {
  const form = parseXml(xform);
  const place = path.replace(/\[\d+\]/g, "");
  const control = Array.from(form.getElementsByTagName("*")).find((node) => node.getAttribute("ref")?.trim() === place && node.localName !== "label" && node.localName !== "hint");
  if (!control) return null;
  const texts = textsOf(form);
  return { label: labelOf(inside(control, "label"), texts), choices: choicesOf(form, control, texts) };
}

/** The text at a path with positions (/data/row[2]/name); "" where nothing is. */
export function answerAt(instanceXml: string, path: string): string {
  const steps = path.split("/").filter(Boolean).slice(1);
  let node: Element | undefined = parseXml(instanceXml).documentElement;
  for (const step of steps) {
    const [, name = step, place = "1"] = /^([^[]+)\[(\d+)\]$/.exec(step) ?? [];
    node = node && childrenNamed(node, name)[Number(place) - 1];
  }
  return node && node.children.length === 0 ? plain(node) : "";
}

/** An answer in the words of its question: codes by their names. */
export function answerWords(words: QuestionWords | null, answer: string): Labels {
  const codes = answer.split(" ").filter(Boolean);
  if (!words || words.choices.size === 0 || !codes.every((code) => words.choices.has(code))) return { zh: answer, en: answer };
  const named = (language: keyof Labels): string[] => codes.map((code) => words.choices.get(code)?.[language] ?? words.choices.get(code)?.zh ?? code);
  return { zh: named("zh").join("、"), en: named("en").join(", ") };
}
