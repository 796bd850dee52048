// @vitest-environment node
import { expect, test } from "vitest";
import { isFor, localDay, mayRegister, newestVersions, settingsOf } from "./form-settings";
import { regionRows } from "./region-list";
import type { FormEntry, User } from "./types";

const xform = (attributes: string): string => `<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:ruhu="https://ruhu.example/xforms">
<h:head><model><instance id="household" src="jr://file-csv/household.csv"/><instance><data id="f" version="1" ${attributes}><a/></data></instance></model></h:head></h:html>`;
const user = (more: Partial<User>): User => ({ id: "p", username: "p", display_name: "p", roles: [{ role: "cadre", region: "990101001001" }], ...more });
const entry = (version: string, more: Partial<FormEntry>): FormEntry => ({ n: 1, type: "form", form_id: "f", version, hash: "h", state: "published", ...more });
const NOW = new Date("2026-11-21T10:00:00+08:00");

test("a form says about itself what it is about, for whom, and what its author must hold", () => {
  const said = settingsOf(xform('ruhu:about="household" ruhu:purpose="housing" ruhu:roles="cadre inspector" ruhu:qualification="house_appraiser" ruhu:registers="household"'));
  expect(said).toEqual({ about: "household", purpose: "housing", roles: ["cadre", "inspector"], qualification: "house_appraiser", registers: true });
  expect(settingsOf(xform(""))).toEqual({ about: "", purpose: "", roles: [], qualification: "", registers: false });
});

test("a form is offered to its roles and to holders of what it asks for, on the day", () => {
  const asks = (roles: string[], qualification = ""): { roles: string[]; qualification: string } => ({ roles, qualification });
  expect([isFor(asks([]), user({}), "2026-11-21"), isFor(asks(["inspector"]), user({}), "2026-11-21"), isFor(asks(["cadre"]), user({ roles: [{ role: "lead", region: null }] }), "2026-11-21")]).toEqual([true, false, true]);
  const holder = user({ qualifications: [{ kind: "house_appraiser", valid_from: "2026-01-01", valid_until: "2026-11-21" }] });
  const on = (day: string): boolean => isFor(asks([], "house_appraiser"), holder, day);
  expect([on("2025-12-31"), on("2026-01-01"), on("2026-11-21"), on("2026-11-22"), isFor(asks([], "house_appraiser"), user({}), "2026-11-21")]).toEqual([false, true, true, false, false]);
});

test("of each form the version offered since last counts; one whose time has not come or that is retired does not", () => {
  const versions = [
    entry("3", { offered_from: "2026-12-01T00:00:00+08:00" }), entry("1", { offered_from: "2026-11-01T08:00:00+08:00" }),
    entry("2", { offered_from: "2026-11-01T08:00:00+08:00" }), entry("9", { offered_from: "2026-11-20T08:00:00+08:00", state: "retired" }),
  ];
  expect(newestVersions(versions, NOW).map((one) => one.version)).toEqual(["2"]);
  expect(newestVersions(versions, new Date("2026-12-01T00:00:00+08:00")).map((one) => one.version)).toEqual(["3"]);
  expect(newestVersions([entry("b", { n: 1 }), entry("a", { n: 2 })], NOW).map((one) => one.version)).toEqual(["a"]);
});

test("who only helps named households registers none", () => {
  expect([mayRegister(user({})), mayRegister(user({ roles: [{ role: "cadre", region: null }] })), mayRegister(user({ roles: [{ role: "auditor", region: "99" }] }))]).toEqual([true, false, false]);
});

test("the list of places holds the villages and groups where the worker may write", () => {
  const regions = [
    { code: "9901", name: "虚县", level: "county", parent: null }, { code: "990101", name: "青石村", names: { zh: "青石村", en: "Qingshi" }, level: "village", parent: "9901" },
    { code: "99010102", name: "2组", names: { zh: "2组", en: "Group 2" }, level: "group", parent: "990101" }, { code: "99010101", name: "1组", level: "group", parent: "990101" },
    { code: "990102", name: "白水村", level: "village", parent: "9901" },
  ];
  const own = user({ roles: [{ role: "cadre", region: "990101" }, { role: "auditor", region: "990102" }] });
  expect(regionRows(regions, own, "zh")).toBe("name,label,level,parent\n990101,青石村,village,9901\n99010101,青石村 1组,group,990101\n99010102,青石村 2组,group,990101\n");
  expect(regionRows(regions, own, "en")).toContain("99010102,Qingshi Group 2,group,990101");
  expect(regionRows(regions, user({ roles: [] }), "zh")).toBe("name,label,level,parent\n");
});

test("the day is that of the phone's place", () => {
  expect(localDay(new Date(2026, 0, 5, 23, 59))).toBe("2026-01-05");
});
