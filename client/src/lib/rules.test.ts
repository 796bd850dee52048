import { describe, expect, it } from "vitest";
import { readIdNumber } from "./id-number";
import { householdTree, type RuleRecord, type RuleShape } from "./rule-tree";
import { findProblems, type RuleDefinitions } from "./rules";

const SHAPE: RuleShape = {
  household: ["id", "day", "house_area", "resolved_on_day"],
  below: { member: ["id", "age", "full_name", "id_number_fault", "id_number_copies"] },
  policies: ["policy/income/line", "policy_on/resolved_on/income/line"],
};
const row = (name: string, area: string, from: number, until: number, rank: number, line: string) => ({ name, area, from_day: String(from), until_day: String(until), rank: String(rank), line });
const POLICIES = { income: [row("nation", "", 0, 99999, 1, "7000"), row("later", "", 20454, 99999, 2, "7500"), row("county", "9901", 20089, 20454, 3, "8000")] };
const WANG = { dataset: "household", id: "h", region: "990101200000", data: { house_area: 80, resolved_on: "2025-06-30" } };

function member(id: string, data: RuleRecord["data"]): RuleRecord {
  return { dataset: "member", id, data };
}

function tree(below: RuleRecord[] = [], household = WANG): Element {
  return new DOMParser().parseFromString(householdTree("1", SHAPE, household, below, POLICIES, "2026-06-30"), "text/xml").documentElement;
}

const textAt = (root: Element, ...names: string[]): string | null => names.reduce<Element | null>((at, name) => Array.from(at?.children ?? []).find((child) => child.localName === name) ?? null, root)?.textContent ?? null;

describe("ID numbers", () => {
  it("reads the specimens of the standard", () => {
    expect(readIdNumber("11010519491231002x")).toEqual({ fault: "", birth: "1949-12-31", sex: "2" });
    expect(readIdNumber("440524188001010014")).toEqual({ fault: "", birth: "1880-01-01", sex: "1" });
  });
  it.each([["", "length"], ["1101051949123100ZX", "characters"], ["11010519490230002X", "date"], ["110105194912310021", "check"]])("finds what is wrong with %s", (text, fault) => {
    expect(readIdNumber(text).fault).toBe(fault);
  });
});

describe("the tree of a household", () => {
  it("holds properties, days and the policies of the place and the date", () => {
    const root = tree();
    expect(textAt(root, "house_area")).toBe("80");
    expect(textAt(root, "day")).toBe("20634");
    expect(textAt(root, "resolved_on_day")).toBe("20269");
    expect(textAt(root, "policy", "income", "line")).toBe("7500");
    expect(textAt(root, "policy_on", "resolved_on", "income", "line")).toBe("8000");
  });
  it("leaves out members who left or died, and counts shared ID numbers among the others", () => {
    const number = "990101198001150017";
    const root = tree([member("a", { id_number: number, birth_date: "2010-07-01" }), member("b", { id_number: number.toLowerCase() }), member("c", { id_number: number, member_state: "left" })]);
    const members = Array.from(root.children).filter((child) => child.localName === "member");
    expect(members.map((one) => textAt(one, "id"))).toEqual(["a", "b"]);
    expect(textAt(members[0]!, "id_number_copies")).toBe("1");
    expect(textAt(members[0]!, "age")).toBe("15");
  });
  it("keeps what a name may hold", () => {
    const [one] = Array.from(tree([member("a", { full_name: "王<b>&\u0001小山" })]).getElementsByTagName("full_name"));
    expect(one?.textContent).toBe("王<b>&小山");
  });
});

describe("what is found", () => {
  const rule = (id: string, severity: "hard" | "soft") => ({ id, severity, group: "g", over: "member", message: {}, cure: {}, properties: [], status: "indicative" });
  const known: RuleDefinitions = { version: "1", groups: {}, rules: [rule("soft_one", "soft"), rule("hard_one", "hard"), rule("quiet", "hard")], shape: SHAPE, xform: "<x/>", policies: POLICIES };

  it("comes with hard ones first and names the records", async () => {
    const judge = () => Promise.resolve("<household><verdict><soft_one>a b</soft_one><hard_one>b</hard_one><quiet/></verdict></household>");
    const found = await findProblems(known, WANG, [], judge, "2026-06-30");
    expect(found.map(({ rule: one, ids }) => [one.id, ids])).toEqual([["hard_one", ["b"]], ["soft_one", ["a", "b"]]]);
  });
});
