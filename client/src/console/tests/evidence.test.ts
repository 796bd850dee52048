import { addMessages, setLanguage } from "@lib/i18n";
import { beforeEach, describe, expect, it } from "vitest";
import { besides, firstBeside } from "../evidence/comparing";
import { type DayVisit, lineOf } from "../evidence/day";
import en from "../evidence/en.json";
import { limitOf, measure } from "../evidence/measures";
import { addressOf, around, wantedOf } from "../evidence/queue";
import { stripOf } from "../evidence/strip";
import type { Look, LookWhole, Shot } from "../evidence/wire";
import zh from "../evidence/zh.json";
import type { Attachment } from "../wire";

addMessages({ zh, en });
beforeEach(() => setLanguage("zh"));

const shot = (id: string, taken_at: string | null, more: Partial<Shot> = {}): Shot => ({ id, instance_id: id, form_id: "f", household: { id: "h", label: "王" }, region: "1", slot: "front", taken_at, received_at: "2026-01-01T00:00:00Z", place: null, width: 1, height: 1, ...more });
const look = (more: Partial<LookWhole> = {}): LookWhole => ({
  id: "a", state: "open", weight: 1, drawn: false, opened_at: "", reasons: [], question_id: null, instance_id: "i", entity_id: "h", household: null, region: "1", form_id: "f", author: null, slot: "front",
  name: "a.jpg", taken_at: "2026-06-02T00:00:00Z", photo_state: "ready", width: 1, height: 1, verdicts: [], same_slot: [], others: [], ...more,
});

describe("what is held beside a photo", () => {
  it("is the suspected twin first, then the same spot before and after, each once", () => {
    const twin = shot("twin", "2026-05-01T00:00:00Z", { codes: ["DUP_NEAR"], household: { id: "other", label: "李" } });
    const all = besides(look({ others: [twin], same_slot: [shot("later", "2026-07-01T00:00:00Z"), shot("before", "2026-05-02T00:00:00Z"), shot("twin", null)] }));
    expect(all.map(({ shot, relation, same_house }) => [shot.id, relation, same_house])).toEqual([["twin", "other", false], ["before", "earlier", true], ["later", "later", true]]);
    expect(firstBeside(all)).toBe("twin");
  });

  it("is the last photo of the same spot where no twin is suspected", () => {
    const way = shot("way", "2026-06-01T00:00:00Z", { codes: ["SPEED"] });
    const spot = [shot("later", "2026-07-01T00:00:00Z"), shot("last", "2026-05-01T00:00:00Z"), shot("older", "2025-05-01T00:00:00Z")];
    expect(firstBeside(besides(look({ others: [way], same_slot: spot })))).toBe("last");
    expect(firstBeside(besides(look()))).toBeNull();
  });
});

describe("the day of a photo", () => {
  const visit = (id: string, from: string | null, to: string | null): DayVisit => {
    const at = (time: string | null) => (time ? `2026-11-21T${time}:00Z` : null);
    return { instance_id: id, form_id: "f", form_names: null, author: null, started_at: at(from), ended_at: at(to), received_at: "2026-11-21T12:00:00Z", contact_mode: null, review: "received", supersedes: null, place: null, photos: null };
  };
  it("tells how long after all before it a visit began, and marks the photo's own", () => {
    const items = [visit("long", "08:00", "10:00"), visit("within", "08:30", "09:00"), visit("after", "10:20", null), visit("unknown", null, null)];
    const line = lineOf({ day: "2026-11-21", present: "after", items });
    expect(line.map(({ between }) => between && between / 60_000)).toEqual([null, -90, 20, null]);
    expect(line.filter(({ present }) => present).map(({ visit }) => visit.instance_id)).toEqual(["after"]);
  });
});

describe("the queue", () => {
  const rows = ["a", "b", "c"].map((id, n) => ({ ...look(), id, state: n === 1 ? "done" : "open" })) as Look[];

  it("goes on with the next that waits, and back to any", () => {
    expect(around(rows, "a", "open")).toEqual({ at: 0, previous: null, next: "c" });
    expect(around(rows, "c", "open")).toEqual({ at: 2, previous: "b", next: "a" });
    expect(around(rows.slice(1), "c", "open").next).toBeNull();
    expect(around(rows, "z", "open").next).toBe("a");
  });

  it("stands in the address, and nothing foreign is a filter", () => {
    const wanted = { state: "done" as const, code: "DIST_HH", drawn: true };
    expect(wantedOf(addressOf(wanted))).toEqual(wanted);
    expect(wantedOf({ state: "x", reason: "PERSON", drawn: "yes" })).toEqual({ state: "open", code: "", drawn: false });
    expect(addressOf(wantedOf({}))).toEqual({});
  });
});

it("says what was measured with its unit", () => {
  expect(measure("DIST_HH", 402.26)).toBe("402.3 米");
  expect(measure("CHAIN", "signature")).toBe("signature");
  expect(measure("DARK", null)).toBeNull();
});

it("puts a visit's photos on a time line", () => {
  const file = (id: string, taken_at: string | null): Attachment => ({ id, name: id, slot: "front", taken_at, media_type: "image/jpeg" }) as Attachment;
  const strip = stripOf([file("none", null), file("late", "2026-01-01T10:05:00Z"), file("early", "2026-01-01T10:00:00Z")]);
  expect(strip.map(({ file, minutes }) => [file.id, minutes])).toEqual([["early", null], ["late", 5], ["none", null]]);
});

describe("the words about photos", () => {
  const flat = (part: object, at = ""): [string, string][] => Object.entries(part).flatMap(([key, value]) => (typeof value === "string" ? [[at + key, value] as [string, string]] : flat(value as object, `${at}${key}.`)));
  const blanks = (text: string): string[] => [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] as string))].sort(); // one and several say it twice

  it("say the same in both languages", () => {
    const english = new Map(flat(en));
    expect([...english.keys()].sort()).toEqual(flat(zh).map(([key]) => key).sort());
    for (const [key, text] of flat(zh)) expect([key, blanks(english.get(key) as string)]).toEqual([key, blanks(text)]);
  });

  it("accuse nobody", () => {
    for (const [, text] of [...flat(zh), ...flat(en)]) expect(text).not.toMatch(/作假|造假|可疑|嫌疑|违规|fake|fraud|suspicious|cheat|[!！]/i);
  });
});

it("tells a limit where there is one, and no empty one", () => {
  expect(limitOf({ code: "DIST_HH", limit: 300 })).toBe("300 米");
  expect(limitOf({ code: "DEV_NEW", limit: 24 })).toBe("24 小时");
  for (const limit of [null, undefined, 0, ""]) expect(limitOf({ code: "DUP_EXACT", limit })).toBeNull();
});
