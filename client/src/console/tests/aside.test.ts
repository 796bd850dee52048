import { describe, expect, it } from "vitest";
import { bytesOf, leavesOf, payloadOf } from "../aside/payload";
import { keyOf, waysOf } from "../aside/ways";
import type { Aside } from "../aside/wire";
import en from "../aside/en.json";
import zh from "../aside/zh.json";
import asked from "../asked/en.json";
import askedZh from "../asked/zh.json";

const row = (code: string, op_id: string | null = "o"): Aside => ({ id: "q", op_id, instance_id: null, code, detail: null, region: null, author: null, received_at: "", state: "open" });

describe("what was set aside", () => {
  it("offers the ways out that its reason has", () => {
    expect(waysOf(row("scope.lost"), "submission")).toEqual({ apply: true, choose: false });
    expect(waysOf(row("region.unknown"), "submission")).toEqual({ apply: true, choose: true });
    expect(waysOf(row("region.unknown"), "resolution")).toEqual({ apply: true, choose: false });
    expect(waysOf(row("instance.unreadable"), "submission")).toEqual({ apply: false, choose: false });
    expect(waysOf(row("scope.lost", null), null)).toEqual({ apply: false, choose: false });
    expect(waysOf(row("a.reason.of.tomorrow"), "submission").apply).toBe(true);
  });

  it("is read as far as it can be", () => {
    const op = { kind: "submission", install_id: "i", form_id: "f", form_version: "1", entities: [{ dataset: "household", id: "h", create: true }, 7, {}], instance_xml: "<data><a>1</a><meta><x>2</x></meta></data>", attachments: [{}, {}] };
    expect(payloadOf(JSON.stringify(op))).toMatchObject({ kind: "submission", install: "i", form: "f", version: "1", files: 2, named: [{ dataset: "household", id: "h", create: true }], leaves: [{ path: "a", value: "1" }] });
    expect(payloadOf(JSON.stringify({ kind: "place", entity_id: "h" })).named).toEqual([{ dataset: "household", id: "h", create: false }]);
    for (const raw of ["", "\ufffd", "[1]", "null", '{"entities":"x","instance_xml":5}', "<data><a>"]) expect(payloadOf(raw)).toMatchObject({ kind: null, named: [], leaves: [] });
    expect(payloadOf("<data><a>1</a></data>").leaves).toEqual([{ path: "a", value: "1" }]);
  });

  it("shows repeated groups one by one", () => {
    expect(leavesOf("<d><g><n>1</n></g><g><n>2</n></g></d>").map((one) => one.value)).toEqual(["1", "2"]);
  });

  it("gives the bytes exactly", () => {
    expect([...bytesOf("\ufffd", btoa("\u00ff\u0000a"))]).toEqual([255, 0, 97]);
    expect([...bytesOf("户", undefined)]).toEqual([...new TextEncoder().encode("户")]);
  });
});

describe("its words", () => {
  const keys = (part: object, at = ""): string[] => Object.entries(part).flatMap(([key, value]) => (typeof value === "string" ? [at + key] : keys(value as object, `${at}${key}.`)));
  it("say the same in both languages", () => {
    expect(keys(en)).toEqual(keys(zh));
    expect(keys(asked)).toEqual(keys(askedZh));
  });

  it("tell of every documented reason why it is there and what to do", () => {
    const codes = ["scope.lost", "region.unknown", "device.revoked", "author.not_qualified", "op.foreign_install", "entities.mismatch", "entity.base_unknown", "form.unknown_version", "form.draft", "op.unknown_kind", "op.unjudgeable", "resolution.value_unknown",
      "resolution.value_invalid", "instance.other_content", "op.resent_with_other_content", "instance.unreadable", "instance.mismatch", "entities.unreadable", "op.incomplete", "op.unreadable", "courier.unverified", "courier.damaged"];
    for (const code of codes) expect([code, keyOf(code) in zh.aside.why, keyOf(code) in zh.aside.way]).toEqual([code, true, true]);
  });
});
