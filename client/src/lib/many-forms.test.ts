// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, finished, HOUSEHOLD, openPhone, VILLAGE, VISIT } from "../../tests/phone";
import { formOfDraft, openDraft, submitDraft } from "./drafts";
import { inWords } from "./core/bases";
import { offeredForms } from "./forms";
import { uuid4 } from "./ids";
import { listRecords } from "./records";
import type { Session } from "./session";
import { sync } from "./sync";
import type { Draft, Op } from "./types";

/** A form that reads two lists, a policy and the places, and writes a household and its dwelling. */
const HOUSING = `<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:entities="http://www.opendatakit.org/xforms/entities" xmlns:ruhu="https://ruhu.example/xforms"><h:head><model>
<instance><data id="housing" version="1" ruhu:about="household" ruhu:purpose="housing" ruhu:roles="cadre"/></instance>
<instance id="household" src="jr://file-csv/household.csv"/><instance id="dwelling" src="jr://file-csv/dwelling.csv"/><instance id="policy_water" src="jr://file-csv/policy_water.csv"/><instance id="region" src="jr://file-csv/region.csv"/>
<bind nodeset="/data/head" entities:saveto="household#head_name"/><bind nodeset="/data/region" entities:saveto="household#region"/><bind nodeset="/data/d/grade" entities:saveto="dwelling#grade"/>
</model></h:head></h:html>`;
const DWELLING = "44444444-4444-4444-8444-444444444444";
const OLD = "name,good_litres\nv1,60\n", NEW = "name,good_litres\nv2,40\n";

let at: Session;
let server: FakeServer;
beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.datasets = [{ name: "dwelling", parent: { dataset: "household", property: "home" }, properties: [{ name: "home" }, { name: "built" }] }];
  server.publish("housing", "1", HOUSING, { "policy_water.csv": OLD });
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山" });
  server.add(VILLAGE, { type: "entity", dataset: "dwelling", id: DWELLING, version: 2, label: "正房", region: "r", parent: HOUSEHOLD, state: "active", data: { grade: "C", built: 1990 }, contested: [] });
  await sync();
});
afterEach(() => closePhone(at));

const file = async (draft: Draft, name: string): Promise<string | undefined> => (await (await formOfDraft(draft)).file(name))?.text;

test("a draft gets the rows of every list that its form reads, by the parent that the dataset declares", async () => {
  const draft = await openDraft(HOUSEHOLD, "housing");
  expect(await file(draft, "dwelling.csv")).toBe(`name,label,__version,__trunkVersion,__branchId,built,grade,home\n${DWELLING},正房,2,2,${draft.snapshot.others[0]?.branch_id},1990,C,${HOUSEHOLD}\n`);
  expect(await file(draft, "household.csv")).toMatch(/,head_name,region\n.*,王大山,990101001\n$/);
  expect(await file(draft, "region.csv")).toBe("name,label,level,parent\n");
});

test("without a household the lists have their columns and no rows", async () => {
  const draft = await openDraft(null, "housing");
  expect(await file(draft, "dwelling.csv")).toBe("name,label,__version,__trunkVersion,__branchId,built,grade,home\n");
  expect(await file(draft, "household.csv")).toBe("name,label,__version,__trunkVersion,__branchId,head_name,region\n");
});

test("a changed policy is fetched although the version stays, and an open draft keeps its own", async () => {
  const before = await openDraft(HOUSEHOLD, "housing");
  server.publish("housing", "1", HOUSING, { "policy_water.csv": NEW });
  const asked = server.requests.length;
  await sync();
  const paths = server.requests.slice(asked).map(({ path }) => path).filter((path) => path.startsWith("/forms"));
  expect(paths).toEqual(["/forms", "/forms/housing/1/media/policy_water.csv"]);
  expect(await file(before, "policy_water.csv")).toBe(OLD);
  expect(await file(await openDraft(HOUSEHOLD, "housing"), "policy_water.csv")).toBe(NEW);
  expect((await sync()).forms).toBe(0);
});

test("a form for other roles is neither fetched nor offered", async () => {
  server.publish("check", "1", HOUSING.replace('ruhu:roles="cadre"', 'ruhu:roles="inspector"'), {}, { settings: { roles: "inspector" } });
  await sync();
  expect((await offeredForms()).map((form) => [form.form_id, form.settings.purpose])).toEqual([["housing", "housing"]]);
  expect(server.requests.some(({ path }) => path.startsWith("/forms/check"))).toBe(false);
});

test("a form of an older vocabulary gets its rows in the words that it knows", async () => {
  server.forms = server.forms.map((form) => ({ ...form, vocabulary: { household: 0 } }));
  server.add(VILLAGE, { type: "entity", dataset: "household", id: HOUSEHOLD, version: 4, label: "王", region: "r", state: "active", data: { head_name: "王大山", category: "exited" }, past: { "0": { household_type: "2" } }, contested: [] });
  server.publish("housing", "2", HOUSING);
  server.forms = server.forms.map((form) => ({ ...form, vocabulary: { household: 0 } }));
  await sync();
  expect((await openDraft(HOUSEHOLD, "housing")).snapshot.household?.data).toMatchObject({ household_type: "2", category: "exited" });
});

test("so does a form from before the first step, and what its author wrote since stands above what the server's row says", async () => {
  const entry = { type: "entity" as const, dataset: "household", id: HOUSEHOLD, version: 4, label: "王", region: "r", state: "active", data: { head_name: "王大山", category: "exited" }, past: { "0": { head: "旧名" } }, contested: [] };
  server.add(VILLAGE, entry);
  server.forms = server.forms.map((form) => ({ ...form, vocabulary: {} }));
  await sync();
  const first = await openDraft(HOUSEHOLD, "housing");
  expect(first.snapshot.household?.data).toMatchObject({ head: "旧名" });
  expect(inWords({ head_name: "王大山", head: "我写的" }, entry.past, undefined, true)).toEqual({ head_name: "王大山", head: "我写的" });
});

const visit = (id: string, grade: string, kind: "create" | "update"): string =>
  `<data id="housing" version="1"><head>赵新</head><region>990101001</region><d><grade>${grade}</grade><meta><entity dataset="dwelling" id="${DWELLING.replace("4", "5")}" ${kind}="1"><label>新房</label></entity></meta></d><meta><instanceID>uuid:${uuid4()}</instanceID><entity dataset="household" id="${id}" ${kind}="1"><label>赵新</label></entity></meta></data>`;

test("a household registered here is on the list at once and is visited again before the server has answered", async () => {
  const id = uuid4();
  const first = await submitDraft((await openDraft(null, "housing")).id, finished(visit(id, "B", "create")));
  const [mine] = (await listRecords("household")).filter((row) => row.id === id);
  expect(mine).toMatchObject({ label: "赵新", region: "990101001", own: true, base_version: 0 });
  expect((await at.db.ops.toArray()).map((op) => op.household_id)).toEqual([id]);
  const again = await openDraft(id, "housing");
  expect(again.snapshot.others.map((row) => [row.dataset, row.parent, row.data["grade"]])).toEqual([["dwelling", id, "B"]]);
  await submitDraft(again.id, { ...finished(visit(id, "C", "update")), visit: VISIT });
  await sync();
  const ops = server.requests.filter(({ path }) => path === "/sync/push").flatMap(({ body }) => body["ops"] as Op[]);
  expect(ops.map((op) => op.depends_on)).toEqual([[], [first]]);
});
