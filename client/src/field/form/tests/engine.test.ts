import type { InputNode, SelectNode, UploadNode } from "@getodk/xforms-engine";
import { describe, expect, it } from "vitest";
import { computed } from "vue";
import { setAnswer } from "../answers";
import { carryOver } from "../carry";
import { answerWithHousehold, finalise, FormUnreadable, instanceIdIn, instanceXmlOf, openForm, speak } from "../engine";
import { recoverFiles } from "../files";
import { refill } from "../prefill";
import type { Question } from "../tree";
import { contactModeNode, contactModeOf } from "../visit";
import { corrected, withDeprecatedId } from "@lib/writes";
import { at, filesOf, HOUSEHOLD, LATER, openOn, SEEN, valueAt } from "./open";

async function opened() {
  const { root } = await openOn(SEEN);
  const hidden = answerWithHousehold(root, HOUSEHOLD);
  return { root, hidden };
}

function entitiesIn(xml: string): string[] {
  const instance = new DOMParser().parseFromString(xml, "text/xml");
  return Array.from(instance.getElementsByTagName("entity")).map((entity) => {
    const name = entity.getElementsByTagName("label")[0]?.textContent;
    return ["dataset", "id", "baseVersion", "trunkVersion"].map((key) => entity.getAttribute(key)?.slice(0, 9)).concat(name ?? "").join(" ");
  });
}

describe("opening", () => {
  it("answers the household that was chosen outside and hides the question", async () => {
    const { root, hidden } = await opened();
    expect(valueAt(root, "/data/household")).toBe(HOUSEHOLD);
    expect(hidden).toEqual([at(root, "/data/household").nodeId]);
  });

  it("fills in what is known, members too", async () => {
    const { root } = await opened();
    expect(valueAt(root, "/data/facts/head_name")).toBe("王大山");
    expect(valueAt(root, "/data/member_row[2]/m_name")).toBe("李秀兰");
  });

  it("lets Vue follow the engine", async () => {
    const { root } = await opened();
    const rows = computed(() => at(root, "/data/member_row[1]").parent as { currentState: { children: unknown[] } });
    const count = computed(() => rows.value.currentState.children.length);
    expect(count.value).toBe(2);
    at<InputNode<"int">>(root, "/data/n_new").setValue("1");
    expect(count.value).toBe(3);
  });

  it("speaks the app's language, at once", async () => {
    const { root } = await opened();
    const label = computed(() => at(root, "/data/facts/head_name").currentState.label?.asString);
    expect(label.value).toBe("户主");
    speak(root, "en");
    expect(label.value).toBe("Head");
  });

  it("says why a form cannot be opened", async () => {
    await expect(openForm({ xform: "<broken", file: () => Promise.resolve(null) })).rejects.toThrow(FormUnreadable);
  });

  it("opens a form whose list file is missing, with no choices", async () => {
    const { root } = await openOn({ ...SEEN, csv: {} });
    expect(at<SelectNode>(root, "/data/household").currentState.valueOptions).toEqual([]);
  });
});

describe("a draft", () => {
  it("comes back as the same instance with the same answers", async () => {
    const { root } = await opened();
    at<InputNode<"string">>(root, "/data/facts/head_name").setValue("王小山");
    const xml = instanceXmlOf(root);
    const again = await openOn(SEEN, { instanceXml: xml });
    expect(instanceXmlOf(again.root)).toBe(xml);
    expect(again.restored).toBe(true);
    expect(instanceIdIn(xml)).toMatch(/^uuid:[0-9a-f-]{36}$/);
  });

  it("keeps the name of its photo without holding its bytes", async () => {
    const { root } = await opened();
    setAnswer(at<UploadNode>(root, "/data/front") as Question, "front.20261121T101530.ab12.jpg");
    const again = await openOn(SEEN, { instanceXml: instanceXmlOf(root), fileNames: ["front.20261121T101530.ab12.jpg"] });
    expect(valueAt(again.root, "/data/front")).toBe("front.20261121T101530.ab12.jpg");
    const without = await openOn(SEEN, { instanceXml: instanceXmlOf(root) });
    expect(valueAt(without.root, "/data/front")).toBe("front.20261121T101530.ab12.jpg");
  });

  it("gives a stored photo back to its question when the tab died before its name was saved", async () => {
    const { root } = await opened();
    expect(recoverFiles(root, ["front.20261121T101530.ab12.jpg", "other.x.jpg"])).toEqual(["front.20261121T101530.ab12.jpg"]);
    expect(valueAt(root, "/data/front")).toBe("front.20261121T101530.ab12.jpg");
  });

  /** An instance holds relevant answers alone: what was known behind a question not yet answered must not become blank. */
  it("still knows what was prefilled in a part that was hidden when it was left", async () => {
    const asked = filesOf(SEEN);
    const form = { ...asked, xform: asked.xform.replace(/nodeset="(\/data\/facts\/(?:shortage|causes))"/g, 'nodeset="$1" relevant=" /data/n_new = 1"') };
    const first = await openForm(form);
    answerWithHousehold(first.root, HOUSEHOLD);
    const again = await openForm(form, { instanceXml: instanceXmlOf(first.root) });
    expect(at(again.root, "/data/facts/shortage").currentState.relevant).toBe(false);
    await refill(again.root, form, HOUSEHOLD);
    at<InputNode<"int">>(again.root, "/data/n_new").setValue("1");
    expect(valueAt(again.root, "/data/facts/shortage")).toBe("20");
    expect(valueAt(again.root, "/data/facts/causes").split(" ").sort()).toEqual(["illness", "schooling"]);
    expect(instanceIdIn(instanceXmlOf(again.root))).toBe(instanceIdIn(instanceXmlOf(first.root)));
  });

  it("puts nothing over an answer when it fills what is hidden", async () => {
    const { root } = await opened();
    at<InputNode<"int">>(root, "/data/facts/shortage").setValue("7");
    const again = await openOn(SEEN, { instanceXml: instanceXmlOf(root) });
    await refill(again.root, filesOf(SEEN), HOUSEHOLD);
    expect(instanceXmlOf(again.root)).toBe(instanceXmlOf(root));
  });

  /** The trap of live look-ups: reopened on newer lists, a draft must neither claim to have seen them nor move people. */
  it("pins versions and people even when the lists under it have changed", async () => {
    const { root } = await opened();
    at<InputNode<"string">>(root, "/data/member_row[2]/m_name").setValue("李秀兰二");
    const before = entitiesIn(instanceXmlOf(root));
    const again = await openOn(LATER, { instanceXml: instanceXmlOf(root) });
    expect(entitiesIn(instanceXmlOf(again.root))).toEqual(before);
    expect(before).toEqual([
      "household 11111111- 5 5 王大山", "member aaaaaaaa- 2 2 王大山", "member bbbbbbbb- 3 3 李秀兰二",
    ]);
    expect(valueAt(again.root, "/data/facts/shortage")).toBe("20");
  });
});

describe("finishing", () => {
  it("lists what a person can mend and stays silent about types that are not drawn", async () => {
    const { root } = await opened();
    at<InputNode<"string">>(root, "/data/facts/head_name").setValue("");
    at<InputNode<"int">>(root, "/data/facts/shortage").setValue("400");
    const result = await finalise(root);
    if (result.ready) throw new Error("it must not be ready");
    expect(result.violations.map((one) => [one.question.currentState.reference, one.condition, one.message])).toEqual([
      ["/data/facts/head_name", "required", ""], ["/data/facts/shortage", "constraint", "请填 0 到 366 天"],
    ]);
  });

  it("gives the instance with its id and the time of the end", async () => {
    const { root } = await opened();
    const result = await finalise(root);
    if (!result.ready) throw new Error("it must be ready");
    expect(result.instanceId).toBe(instanceIdIn(result.instanceXml));
    expect(result.instanceXml).toMatch(/<end>\d{4}-\d\d-\d\dT/);
  });
});

describe("how the household was reached", () => {
  const withMode = (bind: string): { xform: string; file: ReturnType<typeof filesOf>["file"] } => {
    const form = filesOf(SEEN);
    const xform = form.xform.replace("<n_new", "<reached/><n_new").replace("<bind ", `<bind nodeset="/data/reached" xmlns:r="https://ruhu.example/xforms" r:visit="contact_mode" type="string" ${bind}/><bind `);
    return { ...form, xform };
  };

  it("is taken from the form that reckons it, and asked by the page where no form says it", async () => {
    const { root } = await openForm(withMode("calculate=\"'phone'\""));
    const node = contactModeNode(root);
    expect(contactModeOf((node?.currentState as { instanceValue: string }).instanceValue)).toBe("phone");
    expect(contactModeNode((await openForm(withMode('relevant="false()"'))).root)).toBeNull();
    expect(contactModeNode((await opened()).root)).toBeNull();
  });
});

describe("a correction", () => {
  it("keeps its own id and the one it replaces, also when it is left and opened again", async () => {
    const { root } = await opened();
    const sent = instanceXmlOf(root);
    const form = { ...filesOf(SEEN), xform: withDeprecatedId(filesOf(SEEN).xform) };
    const first = await openForm(form, { instanceXml: corrected(sent, "uuid:22222222-2222-4222-8222-222222222222") });
    at<InputNode<"int">>(first.root, "/data/facts/shortage").setValue("7");
    const again = await openForm(form, { instanceXml: instanceXmlOf(first.root) });
    const xml = instanceXmlOf(again.root);
    expect(instanceIdIn(xml)).toBe("uuid:22222222-2222-4222-8222-222222222222");
    expect(xml).toContain(`deprecatedID>${instanceIdIn(sent)}</`);
    expect(valueAt(again.root, "/data/facts/shortage")).toBe("7");
  });
});

describe("answers of a visit that was filed under another household", () => {
  it("go where the form asks them here; what it does not offer or ask stays behind", async () => {
    const { root } = await opened();
    carryOver(root, [["/data/facts/shortage", "40"], ["/data/facts/causes", "disaster"], ["/data/front", "front.jpg"], ["/data/n_members", "9"], ["/data/gone", "x"]]);
    expect(["facts/shortage", "facts/causes", "front", "n_members", "facts/head_name"].map((path) => valueAt(root, `/data/${path}`))).toEqual(["40", "disaster", "front.jpg", "2", "王大山"]);
    carryOver(root, [["/data/facts/causes", "unheard_of"]]);
    expect(valueAt(root, "/data/facts/causes")).toBe("disaster");
  });
});
