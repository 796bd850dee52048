// @vitest-environment node
import { afterEach, beforeEach, expect, test } from "vitest";
import type { FakeServer } from "../../tests/fake-server";
import { closePhone, HOUSEHOLD, openPhone, VILLAGE } from "../../tests/phone";
import { formOfDraft, openDraft } from "./drafts";
import type { Session } from "./session";
import { sync } from "./sync";

/** A form about the village: it chooses among its households and finds the appraisals that are there. */
const APPRAISAL = `<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:ruhu="https://ruhu.example/xforms"><h:head><model>
<instance><data id="appraisal" version="1" ruhu:about="region" ruhu:purpose="appraisal"/></instance>
<instance id="household" src="jr://file-csv/household.csv"/><instance id="appraisal" src="jr://file-csv/appraisal.csv"/>
<bind nodeset="/data/people" calculate="instance('household')/root/item/household_size"/>
<bind nodeset="/data/state" calculate="instance('appraisal')/root/item/notice_state"/>
</model></h:head></h:html>`;
const OTHER = "55555555-5555-4555-8555-555555555555", HELD = "66666666-6666-4666-8666-666666666666";

let at: Session;
let server: FakeServer;
beforeEach(async () => {
  ({ at, server } = await openPhone());
  server.datasets = [{ name: "appraisal", parent: { dataset: "household", property: "household" }, properties: [{ name: "household" }, { name: "notice_state" }] }];
  server.publish("appraisal", "1", APPRAISAL);
  server.addHousehold(VILLAGE, HOUSEHOLD, 3, { head_name: "王大山", household_size: 4 });
  server.addHousehold(VILLAGE, OTHER, 1, { head_name: "李秀兰", household_size: 1 });
  server.add(VILLAGE, { type: "entity", dataset: "appraisal", id: HELD, version: 2, label: "评议", region: "r", parent: HOUSEHOLD, state: "active", data: { notice_state: "posted", opinions: "…" }, contested: [] });
  await sync();
});
afterEach(() => closePhone(at));

test("a form about the village lists every household of the worker, and the records that it looks into", async () => {
  const draft = await openDraft(null, "appraisal");
  const file = async (name: string): Promise<string[]> => ((await (await formOfDraft(draft)).file(name))?.text ?? "").trim().split("\n");
  const households = await file("household.csv");
  expect(households).toHaveLength(3);
  expect(households.join("\n")).toContain(HOUSEHOLD);
  expect(households.join("\n")).toContain(OTHER);
  const [head = "", row = ""] = await file("appraisal.csv");
  expect(head.split(",")).toContain("household");
  expect(row).toContain(HOUSEHOLD);
  expect(row).toContain("posted");
  expect(draft.snapshot.others.map(({ id, base_version }) => [id, base_version])).toEqual([[HELD, 2]]);
});

test("it takes along only what the form names: a draft keeps its lists", async () => {
  const draft = await openDraft(null, "appraisal");
  expect(draft.snapshot.csv["household.csv"]).toContain("household_size");
  expect(draft.snapshot.csv["household.csv"]).not.toContain("head_name");
  expect(draft.snapshot.csv["appraisal.csv"]).not.toContain("opinions");
});
