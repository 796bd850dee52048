import { expect, it } from "vitest";
import { foundGroups } from "../finding-groups";
import type { Answer, Finding } from "../wire";

const finding = (path: string, kind: string, zh = "请核对"): Finding => ({ path, kind, code: null, message: { zh, en: zh }, labels: { zh: "表单里的题" } });
const answer = (position_path: string): Answer => ({ path: position_path.replaceAll(/\[\d+\]/g, ""), position_path, labels: { zh: "姓名" }, type: "string", value: null, display: {}, slot: null, masked: false });

it("groups findings by what a reviewer does about them, answers first", () => {
  const found = [finding("/data/total", "bind"), finding("household/1", "rule"), finding("/data/a", "required"), { path: "seq", kind: "envelope", code: "install.seq_reused", message: "" }];
  expect(foundGroups(found, []).map((group) => group.about)).toEqual(["answers", "rules", "computed", "visit"]);
});

it("names the question and its row, and offers the way to an answer that is shown", () => {
  const [group] = foundGroups([finding("/data/row[2]/name", "constraint")], [answer("/data/row[1]/name"), answer("/data/row[2]/name")]);
  expect(group?.places).toMatchObject([{ labels: { zh: "姓名" }, rows: [2], answered: true }]);
});

it("tells what stands at one place together, and the same words once", () => {
  const [group] = foundGroups([finding("/data/a", "type"), finding("/data/a", "choice", "不在选项里"), finding("/data/a", "type")], []);
  expect(group?.places).toHaveLength(1);
  expect(group?.places[0]?.findings).toHaveLength(2);
  expect(group?.places[0]).toMatchObject({ labels: { zh: "表单里的题" }, answered: false });
});
