import type { AnyRangeNode, InputNode, RepeatInstanceNode, RootNode, SelectNode } from "@getodk/xforms-engine";
import { beforeEach, describe, expect, it } from "vitest";
import { isSameAnswer, readableAnswer, setAnswer } from "../answers";
import { answerWithHousehold } from "../engine";
import { readBack } from "../readback";
import { isAdded, previousOf, recordOf, slotOf } from "../record";
import { rowSummary, rowTitle } from "../rows";
import { nextUnanswered, progressOf, questionsOf, stateOf, stepHolding, stepsOf } from "../steps";
import type { Question } from "../tree";
import { labelOf } from "../tree";
import { widgetOf } from "../widget";
import { at, HOUSEHOLD, openOn, SEEN } from "./open";

const say = (key: string): string => key;
let root: RootNode;
let hidden: Set<string>;
const question = (path: string): Question => at<Question>(root, path);

beforeEach(async () => {
  root = (await openOn(SEEN)).root;
  hidden = new Set(answerWithHousehold(root, HOUSEHOLD));
});

describe("steps", () => {
  it("puts one question after another, a repeat as one step, and leaves out what the page answers", () => {
    const titles = stepsOf(root, "one", hidden).map((step) => step.nodes.map(labelOf).join("+"));
    expect(titles).toEqual(["户主", "缺水多少天", "其他致贫原因", "新增几人", "成员", "房屋正面", "占几成", "走过的路"]);
  });

  it("gathers questions by section", () => {
    const sections = stepsOf(root, "list", hidden).map((step) => [step.headings.join(), step.nodes.length]);
    expect(sections).toEqual([["家庭情况", 3], ["", 1], ["", 1], ["", 3]]);
  });

  it("follows what is relevant", () => {
    setAnswer(question("/data/facts/shortage"), "200");
    expect(stepsOf(root, "one", hidden)).toHaveLength(9);
  });

  it("finds the cards for a question of a row", () => {
    expect(stepHolding(stepsOf(root, "one", hidden), question("/data/member_row[2]/m_name"))).toBe(4);
  });

  it("counts answers, not notes, and finds the next missing one, wrapping round", () => {
    const all = questionsOf([root], hidden);
    expect(progressOf(all)).toEqual({ answered: 7, asked: 11 });
    expect(nextUnanswered(all, null)?.currentState.reference).toBe("/data/n_new");
    expect(nextUnanswered(all, question("/data/path").nodeId)?.currentState.reference).toBe("/data/n_new");
  });

  it("calls a missing answer broken only after it was pointed at, a wrong one at once", () => {
    const name = question("/data/facts/head_name");
    setAnswer(name, "");
    expect(stateOf([name], () => false)).toBe("open");
    expect(stateOf([name], () => true)).toBe("broken");
    setAnswer(question("/data/facts/shortage"), "-3");
    expect(stateOf([question("/data/facts/shortage")], () => false)).toBe("broken");
  });
});

describe("the answer of last time", () => {
  it("is read from the rows of the draft, for the household and for each member", () => {
    expect(recordOf(question("/data/member_row[2]/m_name"))).toMatchObject({ dataset: "member" });
    expect(previousOf(question("/data/facts/shortage"), SEEN)).toMatchObject({ value: "20", by: { display_name: "张敏" } });
    expect(previousOf(question("/data/member_row[2]/m_name"), SEEN)?.value).toBe("李秀兰");
    expect(previousOf(question("/data/share"), SEEN)).toBeNull();
  });

  it("does not exist for a member who is added", () => {
    at<InputNode<"int">>(root, "/data/n_new").setValue("1");
    expect(isAdded(at(root, "/data/member_row[3]"))).toBe(true);
    expect(previousOf(question("/data/member_row[3]/m_name"), SEEN)).toBeNull();
  });

  it("is the same answer whatever its spelling", () => {
    const causes = question("/data/facts/causes");
    expect(isSameAnswer(causes, "illness schooling")).toBe(true);
    expect(isSameAnswer(question("/data/facts/shortage"), "20.0")).toBe(true);
    setAnswer(causes, "illness");
    expect(isSameAnswer(causes, "illness schooling")).toBe(false);
  });

  it("is marked where the visit changed it, also when the answer was cleared", () => {
    setAnswer(question("/data/facts/shortage"), "0");
    setAnswer(question("/data/facts/causes"), "");
    const [facts] = readBack(stepsOf(root, "list", hidden), SEEN, hidden, "zh", say);
    expect(facts?.lines.map((line) => [labelOf(line.question), line.answer, line.was])).toEqual([
      ["户主", "王大山", null], ["缺水多少天", "0", "20"], ["其他致贫原因", "read.cleared", "因学、因病"],
    ]);
  });

  it("is read back under the name of its row", () => {
    const parts = readBack(stepsOf(root, "list", hidden), SEEN, hidden, "zh", say);
    expect(parts[2]?.lines.map((line) => line.row)).toEqual(["王大山", "", "李秀兰", ""]);
  });
});

describe("answers as words", () => {
  it("writes what a widget would write", () => {
    setAnswer(at<AnyRangeNode>(root, "/data/share") as Question, "35");
    setAnswer(question("/data/facts/causes"), "disaster illness");
    expect(at<SelectNode>(root, "/data/facts/causes").currentState.value).toEqual(["illness", "disaster"]);
    expect(root.instanceState.instanceXML).toContain("<share>35</share>");
  });

  it("names choices and dates in the reader's words", () => {
    expect(readableAnswer(question("/data/facts/causes"), "illness gone", "zh", say)).toBe("因病、gone");
    expect(readableAnswer(question("/data/member_row[1]/m_birth_date"), "1970-01-02", "zh", say)).toBe("1970年1月2日");
  });

  it("puts a row in a line", () => {
    const row = at<RepeatInstanceNode>(root, "/data/member_row[2]");
    expect([rowTitle(row), rowSummary(row, "zh", say)]).toEqual(["李秀兰", "1970年1月2日"]);
  });
});

describe("what draws a question", () => {
  it("is decided by its type; the rest says that it is not drawn", () => {
    const drawn = ["facts/head_name", "facts/shortage", "facts/causes", "front", "share", "path"].map((path) => widgetOf(at(root, `/data/${path}`)));
    expect(drawn).toEqual(["text", "number", "select", "photo", "range", "not_drawn"]);
    expect(slotOf(at(root, "/data/front"))).toBe("house_front");
  });
});
