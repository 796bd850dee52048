/** Which widget draws a question. Pure, so that the table of support is a test. */
import type { AnyNode } from "@getodk/xforms-engine";
import { hasAppearance } from "./tree";

export const WIDGETS = [
  "text", "number", "date", "select", "rank", "range", "trigger", "geopoint", "photo", "drawing", "file", "note", "not_drawn",
] as const;
export type Widget = (typeof WIDGETS)[number];

const BY_VALUE_TYPE: Record<string, Widget> = {
  string: "text", barcode: "text", int: "number", decimal: "number", date: "date", time: "date", dateTime: "date",
  geopoint: "geopoint",
};

function uploadWidget(node: Extract<AnyNode, { nodeType: "upload" }>): Widget {
  if (node.nodeOptions.media.type !== "image") return "file";
  return hasAppearance(node, "draw", "signature") ? "drawing" : "photo";
}

export function widgetOf(node: AnyNode): Widget {
  switch (node.nodeType) {
    case "select": case "rank": case "range": case "trigger": case "note": return node.nodeType;
    case "upload": return uploadWidget(node);
    case "input": return BY_VALUE_TYPE[node.valueType] ?? "not_drawn";
    default: return "not_drawn";
  }
}
