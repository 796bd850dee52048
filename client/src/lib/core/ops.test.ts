// @vitest-environment node
import { describe, expect, test } from "vitest";
import { backOff, baseAfter, DEFAULT_LIMITS, isReleased, nextBatch, nextTarget, outboxState, outcomeOf, type Outcome } from "./ops";
import type { OpResult } from "../types";
import type { BaseMeta } from "./state";

const result = (more: Partial<OpResult>): OpResult => ({ op_id: "o", status: "applied", entities: [], missing_attachments: [], ...more });
const all = { total: 2, sent: 2 };

test("a duplicate counts as what it was the first time", () => {
  expect(outcomeOf(result({ status: "duplicate", first: { status: "conflicted" } }))).toMatchObject({ state: "settled", status: "conflicted" });
  expect(outcomeOf(result({ status: "duplicate", first: { status: "quarantined", code: "scope.lost" } }))).toMatchObject({ state: "stuck", code: "scope.lost" });
  expect(outcomeOf(result({ status: "duplicate", first: { status: "held" } }))).toMatchObject({ state: "held" });
});

test("the four states follow the answer and the photos", () => {
  expect(outboxState({ state: "queued" }, all)).toBe("saved");
  expect(outboxState({ state: "held" }, all)).toBe("sent");
  expect(outboxState({ state: "settled" }, { total: 2, sent: 1 })).toBe("sent");
  expect(outboxState({ state: "settled" }, all)).toBe("accepted");
  expect(outboxState({ state: "stuck" }, all)).toBe("needs_you");
  expect(outboxState({ state: "settled" }, all, true)).toBe("needs_you");
});

describe("a push", () => {
  const ops = (...sizes: number[]): { size: number }[] => sizes.map((size) => ({ size }));

  test("takes at most the number and the bytes that the server allows", () => {
    expect(nextBatch(ops(...Array<number>(300).fill(10)), DEFAULT_LIMITS)).toHaveLength(200);
    expect(nextBatch(ops(600_000, 600_000), DEFAULT_LIMITS)).toHaveLength(1);
    expect(nextBatch(ops(500_000, 500_000), DEFAULT_LIMITS)).toHaveLength(2);
  });

  test("takes one op alone however large it is", () => {
    expect(nextBatch(ops(9_000_000, 10), DEFAULT_LIMITS)).toHaveLength(1);
  });

  test("grows on a good line and shrinks on a breaking one, within limits", () => {
    expect(nextTarget(700_000, true, DEFAULT_LIMITS)).toBe(DEFAULT_LIMITS.push_bytes);
    expect(nextTarget(20_000, false, DEFAULT_LIMITS)).toBe(16 * 1024);
  });
});

describe("an own base", () => {
  const base: BaseMeta = { key: "entity:household:h", parent: "", base_version: 3, ops: ["a", "b"], dropped: [], answered_version: 0 };
  const answer = (more: Partial<Outcome>): Outcome => ({ state: "settled", status: "applied", code: "", detail: "", versions: {}, missing: [], findings: [], ...more });

  test("keeps what is held, drops what was put aside, and brings it back when a person applies it", () => {
    expect(baseAfter(base, "a", answer({ state: "held", status: "held" }))).toEqual(base);
    const aside = baseAfter(base, "a", answer({ state: "stuck", status: "quarantined" }));
    expect(aside).toMatchObject({ ops: ["b"], dropped: ["a"] });
    expect(baseAfter(aside, "a", answer({}))).toMatchObject({ ops: ["b"], dropped: [] });
  });

  test("is let go only when nothing is open and the server's row has caught up", () => {
    const open = baseAfter(base, "a", answer({ versions: { [base.key]: 5 } }));
    expect(isReleased(open, 9, true)).toBe(false);
    const done = baseAfter(open, "b", answer({ versions: { [base.key]: 6 } }));
    expect(done.answered_version).toBe(6);
    expect(isReleased(done, 5, false)).toBe(false);
    expect(isReleased(done, 6, false)).toBe(true);
    expect(isReleased(done, null, false)).toBe(false);
    expect(isReleased(done, null, true)).toBe(true);
    const byFeed = baseAfter(baseAfter(base, "a", answer({ versions: null })), "b", answer({}));
    expect([isReleased(byFeed, 99, false), isReleased(byFeed, 99, true)]).toEqual([false, true]);
  });
});

test("tries come slower after each failure, never faster than the server asks", () => {
  expect([0, 1, 2, 3, 20].map((n) => backOff(n))).toEqual([0, 5, 10, 20, 300]);
  expect(backOff(1, 120)).toBe(120);
  expect(backOff(1, 365 * 86_400) * 1000, "a browser's timer would go off at once").toBeLessThan(2 ** 31);
});
