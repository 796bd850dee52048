/**
 * docs/WIDGETS.md is what the phone does with every type and appearance that pyxform compiles (fixtures/every_widget.xml,
 * made by tests/forms/every_widget.py). `npx vitest run src/field/form/tests/widgets.test.ts -u` writes it anew.
 */
import type { InputNode, RootNode } from "@getodk/xforms-engine";
import { mount } from "@vue/test-utils";
import { beforeAll, describe, expect, it } from "vitest";
import i18n, { addMessages } from "@lib/i18n";
import type { Draft, DraftForm } from "@lib/types";
import { finalise, openForm } from "../engine";
import en from "../i18n/en.json";
import zh from "../i18n/zh.json";
import { memoryKeeper } from "../keeper";
import QuestionCard from "../QuestionCard.vue";
import { SESSION, sessionOf } from "../session";
import type { FormSession } from "../session";
import { saidOf, supportOf, unnotedIn } from "../support";
import type { Said } from "../support";
import { appearancesOf, everyNode, isQuestion, isRepeat, labelOf, questionsUnder } from "../tree";
import type { Question } from "../tree";
import { typeName, widgetOf } from "../widget";
import type { Widget } from "../widget";
import { page } from "./widgets-page";
import type { Row } from "./widgets-page";
import xform from "./fixtures/every_widget.xml?raw";
import "./open";

const form = { xform, names: { zh: "题型" }, file: () => Promise.resolve(null) };
let root: RootNode;

type Asked = ReturnType<typeof everyNode>[number];
const nameOf = (node: Asked): [string, string] => labelOf(node).split("·").map((part) => part.trim()) as [string, string];

/** Questions, groups and repeats that are labelled "type · appearance", each with its first question. */
function asked(): { node: Asked; question: Question | undefined }[] {
  const labelled = everyNode(root).filter((node) => node.nodeType !== "repeat-instance" && labelOf(node).includes("·"));
  return labelled.map((node) => ({ node, question: isQuestion(node) ? node : questionsUnder(node)[0] }));
}

function rowOf({ node, question }: ReturnType<typeof asked>[number]): Row {
  const [type, look] = nameOf(node);
  if (!question) return { type, look, widget: "heading", support: "alike", said: null };
  const widget: Widget | "section" = question === node && look !== "table-list" ? widgetOf(question) : "section";
  const said: Said | null = widget === "not_drawn" ? { key: "not_drawn.text", values: { name: typeName(node) } } : (saidOf(question)[0] ?? null);
  const looks = appearancesOf(node);
  const alike = looks.some((one) => supportOf(node, one) === "alike") || look === "table-list";
  return { type, look, widget, support: said ? "said" : alike ? "alike" : "drawn", said };
}

/** What is noted without being asked, after the form was opened, answered and finished where a position is known. */
async function notedByItself(): Promise<Set<string>> {
  const opened = await openForm(form, { username: "zhang", installId: "phone", position: () => "23.1 108.3 0 8" });
  const first = questionsUnder(opened.root)[0] as InputNode<"string">;
  first.setValue("x");
  await new Promise((resolve) => setTimeout(resolve));
  await finalise(opened.root);
  const filled = everyNode(opened.root).filter((node) => node.nodeType === "model-value" && node.currentState.instanceValue !== "");
  return new Set(filled.map((node) => node.currentState.reference.split("/").pop() ?? ""));
}

beforeAll(async () => { root = (await openForm(form)).root; });

describe("the table of types and appearances", () => {
  it("in the docs is what this phone does now", async () => {
    const unasked = [...xform.matchAll(/<u_(\w+)\/>/g)].map(([, name]) => name as string).concat("audit");
    const text = page(asked().map(rowOf), unasked, await notedByItself(), unnotedIn(xform));
    await expect(text).toMatchFileSnapshot("../../../../../docs/WIDGETS.md");
  });

  it("calls nothing drawn that no widget reads: an appearance nobody heard of is said, on every kind of question", () => {
    for (const { node } of asked()) expect(supportOf(node, "unheard-of"), labelOf(node)).toBe("said");
  });

  it("has its sentences in both languages", () => {
    const keys = new Set(asked().flatMap(({ question }) => (question ? saidOf(question) : [])).map(({ key }) => key));
    expect([...keys].sort()).toEqual(["date.other_calendar", "look", "photo.annotate", "text.other_app"]);
    for (const words of [zh, en]) {
      for (const key of keys) expect(key.split(".").reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], words.form)).toBeTypeOf("string");
    }
  });
});

describe("a form that asks for what is not drawn", () => {
  const draft = { id: "d", household_id: null, instanceXml: undefined, extra: {} } as unknown as Draft;
  let session: FormSession;
  beforeAll(async () => {
    addMessages({ zh, en });
    session = await sessionOf(draft, form as unknown as DraftForm, memoryKeeper(), "list");
  });

  /** Not the list of sentences is looked at here but the card as it stands on the screen. */
  it("says so on the card of each such question, and on no other", () => {
    for (const question of questionsUnder(session.root).filter((one) => !isRepeat(one))) {
      const card = mount(QuestionCard, { props: { question }, global: { plugins: [i18n], provide: { [SESSION as symbol]: session } } });
      const said = saidOf(question).length + (widgetOf(question) === "not_drawn" ? 1 : 0);
      expect(card.findAll("[role=note]").length, labelOf(question)).toBe(said);
      card.unmount();
    }
  });
});
