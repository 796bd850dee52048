/** What the form says where this phone does not draw as its author asked. Pure: docs/WIDGETS.md is made from it. */
import type { AnyNode } from "@getodk/xforms-engine";
import { appearancesOf, questionsUnder } from "./tree";
import type { Question } from "./tree";
import { widgetOf } from "./widget";
import type { Widget } from "./widget";

/** A sentence: its key under `form.`, and what goes into it. */
export interface Said { key: string; values: { name: string } }
/** "drawn": as asked · "alike": laid out otherwise, the same answer with the same taps · "said": not drawn, and the form says so. */
export type Support = "drawn" | "alike" | "said";

interface Looks { drawn?: readonly string[]; alike?: readonly string[] }
type Kind = Widget | "time" | "dateTime" | "section";

const SELECTS: Looks = {
  drawn: ["search", "autocomplete"],
  alike: ["minimal", "compact", "quick", "quickcompact", "horizontal", "horizontal-compact", "columns", "columns-pack", "columns-flex", "likert", "no-buttons", "label", "list-nolabel"],
};
const LOOKS: Partial<Record<Kind, Looks>> = {
  text: { drawn: ["multiline", "numbers", "url", "masked", "hidden-answer"] },
  code: { drawn: ["front", "hidden-answer"] },
  number: { drawn: ["counter", "thousands-sep"] },
  date: { drawn: ["month-year", "year"], alike: ["no-calendar"] },
  dateTime: { alike: ["no-calendar"] },
  select: SELECTS,
  range: { alike: ["vertical", "no-ticks", "picker", "rating"] },
  photo: { drawn: ["new", "new-front", "selfie"] },
  drawing: { drawn: ["draw", "signature"] },
  section: { drawn: ["field-list"], alike: ["table-list"] },
};
/** Widths of a grid on a desk: a phone has one column. */
const WIDTH = /^(w\d+|columns-\d+)$/;
const CALENDARS = ["ethiopian", "coptic", "islamic", "bikram-sambat", "myanmar", "persian", "buddhist"];

function kindOf(node: AnyNode): Kind {
  if (node.nodeType === "group" || node.nodeType === "repeat-instance" || node.nodeType.startsWith("repeat-range")) return "section";
  const widget = widgetOf(node);
  return widget === "date" && (node.valueType === "time" || node.valueType === "dateTime") ? node.valueType : widget;
}

/** Appearances as the author wrote them; what stands in brackets belongs to the name before them. */
const looksOf = (node: AnyNode): string[] => appearancesOf(node).join(" ").replace(/\([^)]*\)/g, "()").split(" ").filter((name) => name !== "");

export function supportOf(node: AnyNode, look: string): Support {
  const { drawn = [], alike = [] } = LOOKS[kindOf(node)] ?? {};
  if (drawn.includes(look)) return "drawn";
  return alike.includes(look) || WIDTH.test(look) ? "alike" : "said";
}

function sentence(node: AnyNode, look: string): Said {
  const kind = kindOf(node);
  const name = look.replace("()", "");
  if (kind === "text" && /^(ex|printer)\b/.test(look)) return { key: "text.other_app", values: { name } };
  if (CALENDARS.includes(look) && (kind === "date" || kind === "dateTime")) return { key: "date.other_calendar", values: { name } };
  return { key: kind === "photo" && look === "annotate" ? "photo.annotate" : "look", values: { name } };
}

const ofNode = (node: AnyNode): Said[] => looksOf(node).filter((look) => supportOf(node, look) === "said").map((look) => sentence(node, look));

/** The groups and rows that begin with this question: what they cannot look like is said here. */
function sectionsBegunBy(question: Question): AnyNode[] {
  const found: AnyNode[] = [];
  for (let at = question.parent as AnyNode; at.nodeType !== "root"; at = at.parent as AnyNode) {
    if (ofNode(at).length > 0 && questionsUnder(at)[0]?.nodeId === question.nodeId) found.unshift(at);
  }
  return found;
}

/** Every sentence that stands with a question. A question that is not drawn at all says only that (NotDrawn.vue). */
export function saidOf(question: Question): Said[] {
  const sections = sectionsBegunBy(question).flatMap(ofNode);
  if (widgetOf(question) === "not_drawn") return sections;
  return [...sections, ...ofNode(question)];
}

/** What an XForm asks to be noted by itself and this phone never notes, in an XLSForm's own words. */
const UNNOTED: readonly (readonly [string, RegExp])[] = [
  ["background-audio", /<odk:recordaudio\b/], ["audit", /<bind\b[^>]*nodeset="[^"]*\/meta\/audit"/],
  ["start-geopoint", /<odk:setgeopoint\b[^>]*odk-instance-first-load/],
  ...["phonenumber", "email", "simserial", "subscriberid"].map((name) => [name, new RegExp(`<bind\\b[^>]*jr:preloadParams="(uri:)?${name}"`)] as const),
];
export const unnotedIn = (xform: string): string[] => UNNOTED.filter(([, asked]) => asked.test(xform)).map(([name]) => name);
