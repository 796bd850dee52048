// @vitest-environment node
import { expect, test } from "vitest";
import { initials } from "./pinyin";

test("names are found by their first letters, surnames by both readings", () => {
  expect(["王大山", "李秀兰", "韦志强", "黄阿妹", "张敏", "欧阳娜", "任重"].map(initials)).toEqual(["wds", "lxl", "wzq", "ham", "zm", "oyn", "rz"]);
  expect(initials("覃小明").split(" ")).toEqual(expect.arrayContaining(["qxm"]));
  expect(initials("曾广").split(" ")).toContain("zg");
  expect(initials("")).toBe("");
});

test("letters and numbers of a name stay, marks do not", () => {
  expect(initials("阿依古丽·买买提")).toBe("ayglmmt");
  expect(initials("3组 王 A")).toBe("3zwa");
});
