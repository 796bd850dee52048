/** Which widget draws a question. Pure, so that the table of support is a test. */
import type { AnyNode } from "@getodk/xforms-engine";
import { hasAppearance } from "./tree";

export const WIDGETS = [
  "text", "code", "number", "date", "select", "rank", "range", "trigger", "geopoint", "photo", "drawing", "file", "note", "not_drawn",
] as const;
export type Widget = (typeof WIDGETS)[number];

const BY_VALUE_TYPE: Record<string, Widget> = {
  string: "text", barcode: "code", int: "number", decimal: "number", date: "date", time: "date", dateTime: "date",
  geopoint: "geopoint",
};

/** Kinds of file that a phone can choose or record; a map's objects (osm) are none. */
const FILES: readonly (string | null)[] = ["audio", "video", null];

function uploadWidget(node: Extract<AnyNode, { nodeType: "upload" }>): Widget {
  const { type } = node.nodeOptions.media;
  if (type !== "image") return FILES.includes(type) ? "file" : "not_drawn";
  return hasAppearance(node, "draw", "signature") ? "drawing" : "photo";
}

/** A choice from a list that the engine does not read (select_one_external): typed, it would be no value of that list. */
function isUnreadChoice(node: Extract<AnyNode, { nodeType: "input" }>): boolean {
  const body = node.definition.bodyElement as { element?: Element } | null;
  return body?.element?.hasAttribute("query") ?? false;
}

/** What a question is called that is not drawn, as an XLSForm's author knows it. */
export function typeName(node: AnyNode): string {
  if (node.nodeType === "upload") return node.nodeOptions.media.type ?? "file";
  return node.nodeType === "input" && isUnreadChoice(node) ? "select_one_external" : String(node.valueType);
}

export function widgetOf(node: AnyNode): Widget {
  switch (node.nodeType) {
    case "select": case "rank": case "range": case "trigger": case "note": return node.nodeType;
    case "upload": return uploadWidget(node);
    case "input": return isUnreadChoice(node) ? "not_drawn" : BY_VALUE_TYPE[node.valueType] ?? "not_drawn";
    default: return "not_drawn";
  }
}
