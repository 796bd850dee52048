/** docs/WIDGETS.md as text. */
import en from "../i18n/en.json";
import zh from "../i18n/zh.json";
import type { Said, Support } from "../support";
import type { Widget } from "../widget";

/** One type with one appearance ("" for none): what draws it, and the sentence that stands with it. */
export interface Row { type: string; look: string; widget: Widget | "section" | "heading"; support: Support; said: Said | null }

const DRAWINGS: Record<Row["widget"], string> = {
  text: "文字框 text field", code: "扫码（哪个浏览器都读二维码；条形码看浏览器）或输入 read by the camera (QR codes in every browser, barcodes where the browser can) or typed", number: "数字框 number field", date: "手机的日期时间选择 the phone's own date and time picker", select: "一行一个的大按钮，多了有搜索 one big line a choice, with search when many",
  rank: "点选排序 order by tapping", range: "滑块或一排按钮 slider, or a row of buttons", trigger: "确认框 a box to tick", geopoint: "定位或输入坐标 by satellite or typed",
  photo: "相机 camera", drawing: "手指画 drawing with the finger", file: "录音、录像或选文件 record or choose a file", note: "说明文字 text to read", not_drawn: "",
  section: "一段 a section", heading: "不单独问：每道题自己写出选项 not asked: each question names its own choices",
};
// Other ways in which an XLSForm may write the type.
const ALSO: Record<string, string> = { text: "string", integer: "int", image: "photo", acknowledge: "trigger", dateTime: "datetime", geopoint: "location, gps" };

function sentence({ key, values }: Said, words: { form: unknown }): string {
  const found = key.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], words.form) as string;
  return found.replace("{name}", "…").replace("{type}", values.name);
}

function verdict({ widget, support, said }: Row): string {
  if (said?.key === "look") return "**表单里写明 said in the form** ¹";
  if (said) return `**表单里写明 said in the form**: “${sentence(said, zh)}” “${sentence(said, en)}”`;
  return `${support === "alike" ? "换个排法 laid out as" : "画 drawn"}: ${DRAWINGS[widget]}`;
}

/** Rows of one type with the same verdict are one line, in the order of their first. */
function lines(rows: readonly Row[]): string[] {
  const gathered = new Map<string, string[]>();
  for (const row of rows) {
    const also = ALSO[row.type] ? ` (${ALSO[row.type]})` : "";
    const key = `${row.type}${also} | ${verdict(row)}`;
    gathered.set(key, [...(gathered.get(key) ?? []), row.look ? `\`${row.look}\`` : "—"]);
  }
  return [...gathered].map(([key, looks]) => {
    const [type, told] = key.split(" | ");
    return `| ${type} | ${looks.join(" · ")} | ${told} |`;
  });
}

function fate(name: string, noted: ReadonlySet<string>, unnoted: readonly string[]): string {
  if (unnoted.includes(name)) return "**表单开头写明记不了 said on the form's first page: not noted**";
  if (name === "hidden") return "不显示，由表单自己填 not shown: filled by the form itself";
  return noted.has(name === "audit" ? name : `u_${name.replaceAll("-", "_")}`) ? "自动记下 noted by itself" : "空着 stays empty";
}

const HEAD = `# Widgets 题型和样式

Made by \`client/src/field/form/tests/widgets.test.ts\` from every type and appearance that pyxform compiles; do not edit.
What a form asks for and this version cannot draw is said with the question, on the phone. Nothing is left out in silence, and nothing that is not drawn keeps a visit from being saved.
本页由测试生成，不要手改。手机画不出来的，都在题目下面写明；不会悄悄略过，也不会挡住保存。

Anew · 重新生成: \`.venv/bin/python -m tests.forms.every_widget && cd client && npx vitest run src/field/form/tests/widgets.test.ts -u\`
`;

export function page(rows: readonly Row[], unasked: readonly string[], noted: ReadonlySet<string>, unnoted: readonly string[]): string {
  const alone = unasked.map((name) => name.replaceAll("_", "-"));
  return [
    HEAD, "## Questions, groups and repeats · 题目、分组和重复组", "",
    "“—”: no appearance; grid widths (`w1`…) and any other number of `columns-…` are laid out in one column. An appearance that is not listed is said in the form as well.",
    "“—”是没写样式；没列出的样式，表单里一样会写明。", "",
    "| 题型 Type | 样式 Appearance | 手机上 On the phone |", "| --- | --- | --- |", ...lines(rows), "",
    `¹ “${sentence({ key: "look", values: { name: "" } }, zh)}” “${sentence({ key: "look", values: { name: "" } }, en)}”`, "",
    "## Without a question · 不问的", "",
    "| 题型 Type | 手机上 On the phone |", "| --- | --- |", ...alone.map((name) => `| ${name} | ${fate(name, noted, unnoted)} |`),
    "| csv-external · xml-external | 名单文件，给选项和计算用 a list for choices and calculations |", "",
  ].join("\n");
}
