/** A label or hint with the little markup that authors may use. Raw HTML is shown as its text, never as markup. */
import type { MarkdownNode, TextRange } from "@getodk/xforms-engine";
import { h } from "vue";
import type { VNode } from "vue";

const ELEMENTS: Record<string, string> = {
  h1: "strong", h2: "strong", h3: "strong", h4: "strong", h5: "strong", h6: "strong", p: "span", div: "span",
  em: "em", strong: "strong", u: "u", span: "span", ul: "ul", ol: "ol", li: "li",
};

/** Signs that markup begins with; parsing the many labels without any would cost more than drawing them. */
const MARKUP = /[*_#<>`[\]\\]|^\s*(?:[-+]|\d+\.)\s|\n/m;

function textIn(html: string): string {
  return html.replace(/<[^>]*>/g, "");
}

function draw(node: MarkdownNode): VNode | string {
  if (node.role === "child") return node.value;
  if (node.role === "line-break") return h("br");
  if (node.role === "html") return textIn(node.unsafeHtml);
  return h(ELEMENTS[node.elementName] ?? "span", { class: `md-${node.elementName}` }, node.children.map(draw));
}

/** Functional component: `<FormText :text="label" />`. */
export default function FormText(props: { text: Pick<TextRange<"label">, "formatted" | "asString"> }): VNode {
  const { asString } = props.text;
  if (!MARKUP.test(asString)) return h("span", { class: "form-text" }, asString);
  return h("span", { class: "form-text" }, props.text.formatted.map(draw));
}
FormText.props = ["text"];
