import { describe, expect, it } from "vitest";
import { groupsOf, repeatOf } from "../answers";
import { isInside, ownTop, treeOf, wayAbove, wayTo } from "../areas";
import { countTouched, kindOf, split } from "../changes";
import { addressOf, askedOf, dayText, daysBefore, EMPTY, filtersOf, isNarrowed } from "../filters";
import { neighbours } from "../listing";
import { classOf } from "../map/shares";
import { PhotoView } from "../parts/photo-view";
import { stateOf } from "../states";
import type { Answer, Area, Field, WrittenRecord } from "../wire";

const words = (value: string) => ({ value, display: { zh: value, en: value } });
const field = (part: Partial<Field>): Field => ({ property: "p", labels: {}, unit: null, group: null, changed: false, before: null, after: null, waits: null, masked: false, ...part });
const record = (fields: Field[]): WrittenRecord => ({ dataset: "household", dataset_labels: {}, id: "1", label: "", version: 2, created: false, card: [], fields });

describe("what a submission changed", () => {
  it.each([
    [field({ before: words("1"), after: words("1") }), "same"],
    [field({ changed: true, before: words("1"), after: words("2") }), "changed"],
    [field({ changed: true, after: words("2") }), "added"],
    [field({ changed: true, before: words("1") }), "cleared"],
    [field({ before: words("1"), after: words("1"), waits: words("2") }), "waits"],
    // Both ends of a phone number may be the same when masked; the server's mark decides.
    [field({ changed: true, masked: true, before: words("138****1234"), after: words("138****1234") }), "changed"],
  ])("tells changed from unchanged %#", (given, kind) => expect(kindOf(given)).toBe(kind));

  it("puts what was touched apart from what stayed and keeps the order", () => {
    const fields = ["a", "b", "c"].map((property, n) => field({ property, changed: n !== 1, before: words("1"), after: words("2") }));
    const { touched, same } = split(record(fields));
    expect(touched.map((one) => one.property)).toEqual(["a", "c"]);
    expect(same.map((one) => one.property)).toEqual(["b"]);
    expect(countTouched([record(fields), record([])])).toBe(2);
  });
});

describe("answers in form order", () => {
  const answer = (path: string, value: string | null = null, type = "string"): Answer => ({ path, position_path: path, labels: {}, type, value, display: { zh: value ?? "" }, slot: null, masked: false });
  it("reads the innermost repeat of a path", () => {
    expect(repeatOf("/d/m/row[2]/basic/name")).toEqual(["/d/m/row[2]", 2]);
    expect(repeatOf("/d/a[1]/b[3]/c")).toEqual(["/d/a[1]/b[3]", 3]);
    expect(repeatOf("/d/name")).toBeNull();
  });
  it("keeps a repeat's rows together, names them and goes on after them", () => {
    const groups = groupsOf([answer("/d/a"), answer("/d/r[1]/sex", "1", "select_one"), answer("/d/r[1]/name", "王小二"), answer("/d/r[2]/name", "王三"), answer("/d/z")]);
    expect(groups.map((group) => [group.position, group.title?.value ?? null, group.answers.length])).toEqual([[null, null, 1], [1, "王小二", 2], [2, "王三", 1], [null, null, 1]]);
  });
});

describe("areas", () => {
  const area = (code: string, parent: string | null, above = false): Area => ({ code, name: code, names: { zh: code }, level: "village", parent, ...(above ? { above } : {}) });
  const areas = [area("county", null, true), area("town", "county"), area("v1", "town"), area("v2", "town")];
  it("offer what is the person's own; the names above only lead the way", () => {
    const tree = treeOf(areas, "en");
    expect(tree.map((node) => node.value)).toEqual(["town"]);
    expect(tree[0]?.children?.map((node) => node.value)).toEqual(["v1", "v2"]);
    expect(tree[0]?.children?.[0]?.children).toBeUndefined();
    expect(wayAbove(areas, "v1").map((one) => one.code)).toEqual(["county"]);
    expect(ownTop(areas)).toBe("town");
    expect(ownTop([])).toBeNull();
  });
  it("know what lies in them", () => {
    expect(wayTo(areas, "v1").map((one) => one.code)).toEqual(["county", "town", "v1"]);
    expect(isInside(areas, "v1", "town")).toBe(true);
    expect(isInside(areas, "town", "v1")).toBe(false);
    expect(wayTo(areas, "foreign")).toEqual([]);
  });
});

describe("filters in the address", () => {
  it("survive the way through the address", () => {
    const filters = { q: "王", from: "2026-11-01", to: "2026-11-21", photos: "missing", status: "held", review: "received", household: "h", form: "visit" };
    expect(filtersOf(addressOf(filters))).toEqual(filters);
    expect(addressOf(EMPTY)).toEqual({});
    expect([isNarrowed(filtersOf({})), isNarrowed(filters)]).toEqual([false, true]);
  });
  it("ignore what cannot be read", () => {
    expect(filtersOf({ from: "yesterday", to: "2026-13-45", photos: "all", q: ["a"] })).toEqual(EMPTY);
  });
  it("take whole local days, the last one included", () => {
    const asked = askedOf({ ...EMPTY, from: "2026-11-01", to: "2026-11-01" }, "9901");
    expect(Date.parse(asked["to"] as string) - Date.parse(asked["from"] as string)).toBe(86_400_000);
    expect(asked["from"]).toBe(new Date(2026, 10, 1).toISOString());
    expect(dayText(daysBefore(new Date(2026, 2, 1, 12), 1))).toBe("2026-02-28");
  });
});

describe("states", () => {
  it.each([
    [{ status: "applied" }, "accepted"], [{ status: "merged", photos: { named: 2, here: 2 } }, "accepted"],
    [{ status: "applied", photos: { named: 3, here: 2 } }, "sent"], [{ status: "conflicted", photos: null }, "contested"],
    [{ status: "held" }, "waits"], [{ status: null }, "waits"], [{ status: "quarantined", photos: { named: 2, here: 0 } }, "needs_you"],
  ])("of %j is %s", (given, state) => expect(stateOf(given)).toBe(state));
});

describe("the list around one record", () => {
  const rows = ["a", "b", "c"].map((instance_id) => ({ instance_id }));
  it("has neighbours, and ends", () => {
    expect(neighbours(rows, "b")).toEqual({ at: 1, previous: "a", next: "c" });
    expect(neighbours(rows, "a").previous).toBeNull();
    expect(neighbours(rows, "x")).toEqual({ at: -1, previous: null, next: null });
  });
});

describe("a photo in its frame", () => {
  it("keeps the point under the pointer while it grows", () => {
    const view = new PhotoView();
    view.zoom(2, 100, 50);
    expect([view.scale, view.x, view.y]).toEqual([2, -100, -50]);
    // What was 100 px right of the middle is still there: (100 - x) / scale = 100.
    expect((100 - view.x) / view.scale).toBe(100);
  });
  it("never shrinks below its frame and cannot be lost", () => {
    const view = new PhotoView();
    view.move(500, 0);
    expect(view.x).toBe(0);
    view.zoom(3, 40, 40);
    view.zoom(0.01);
    expect([view.scale, view.x, view.y]).toEqual([1, 0, 0]);
    for (let n = 0; n < 30; n++) view.zoom(2);
    expect(view.scale).toBe(8);
    for (let n = 0; n < 4; n++) view.rotate();
    expect(view.turn).toBe(0);
  });
});

describe("classes of a share", () => {
  it.each([[0, 0, null], [0, 50, "0 %"], [1, 50, "≤ 25 %"], [25, 50, "≤ 50 %"], [50, 50, "> 75 %"]])("%s of %s", (part, whole, label) => expect(classOf(part, whole).words).toBe(label));
});
