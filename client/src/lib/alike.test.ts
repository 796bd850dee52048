// @vitest-environment node
import { expect, test } from "vitest";
import { alikeOf, madeIn, type Known, type Told } from "./alike";

const WANG: Known = { id: "w", name: "王大山", phone: "13800001111", number: "QS-3-001", region: "99010120000003", members: ["王大山", "李秀兰", "王小川"] };
const LI: Known = { id: "l", name: "李秀兰", phone: "", number: "QS-1-002", region: "99010120000001", members: ["李秀兰"] };
const written = (more: Partial<Told>): Told => ({ name: "", phone: "", number: "", region: "990101200000", members: [], ...more });
const found = (more: Partial<Told>) => alikeOf(written(more), [LI, WANG]).map(({ id, reasons }) => `${id}:${reasons.join()}`);

test("the same head in the village, spaces aside, is asked about", () => expect(found({ name: "王 大山" })).toEqual(["w:head"]));
test("another village has people of the same name", () => expect(found({ name: "王大山", region: "990102200000" })).toEqual([]));
test("the same phone counts from anywhere, written however", () => {
  expect(found({ phone: "+86 138-0000-1111", region: "990102200000" })).toEqual(["w:phone"]);
  expect(found({ phone: "1111" })).toEqual([]);
});
test("a head who is a member elsewhere may have split off", () => expect(found({ name: "王小川" })).toEqual(["w:member"]));
test("two members in common are named, one is not", () => {
  expect(found({ name: "赵四", members: ["李秀兰", "王小川"] })).toEqual(["w:members"]);
  expect(found({ name: "赵四", members: ["王小川"] })).toEqual([]);
});
test("who has most in common comes first", () => expect(found({ name: "李秀兰", number: "QS-1-002" })).toEqual(["l:number,head", "w:member"]));
test("what is not known is like nothing", () => expect(found({})).toEqual([]));

test("only a form that makes a household is asked about", () => {
  const write = { dataset: "household", id: "h", create: true, label: "王大山", parent: null, values: { contact_phone: "138", region: "99" } };
  expect(madeIn([write, { ...write, dataset: "member", values: { full_name: "李秀兰" } }])).toEqual({ name: "王大山", phone: "138", number: "", region: "99", members: ["李秀兰"] });
  expect(madeIn([{ ...write, create: false }])).toBeNull();
});
