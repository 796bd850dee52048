// @vitest-environment node
import { expect, test, vi } from "vitest";

vi.stubGlobal("localStorage", { getItem: () => null, setItem: () => undefined });
const { isOlder } = await import("./state/builds");
const { isOverdue, urgency } = await import("./state/households");
type Line = Parameters<typeof urgency>[0];

const day = (days: number): string => {
  const at = new Date(Date.now() + days * 86_400_000);
  return `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
};
const line = (more: Partial<Line>): Line => ({ sentBack: false, questions: 0, due: null, draft: false, findings: 0, state: null, visited: false, ...more }) as Line;
const due = (days: number | null): Partial<Line> => ({ due: { n: 1, type: "assignment", id: "a", entity_id: "h", due: days === null ? null : day(days) } });

test("what somebody waits for comes first, then what is late, due soon, begun, asked for, not visited, done", () => {
  const lines = [line({ questions: 1 }), line(due(-1)), line(due(7)), line({ draft: true }), line(due(null)), line({}), line({ visited: true })];
  expect(lines.map(urgency)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test("a visit that needs its worker again does not sink among the done ones; one on its way does", () => {
  const states: Partial<Line>[] = [{ state: "needs_you" }, { findings: 1, state: "accepted" }, { state: "saved" }, { state: "accepted" }];
  expect(states.map((more) => urgency(line({ ...more, visited: true })))).toEqual([0, 3, 6, 6]);
});

test("today is not late, yesterday is", () => {
  expect([isOverdue(line(due(0))), isOverdue(line(due(-1))), isOverdue(line({}))]).toEqual([false, true, false]);
});

test.each([["0.1.0", "0", false], ["0.1.0", "0.2", true], ["1.10.0", "1.9.9", false], ["1.2", "1.2.0", false]])("build %s against %s", (build, minimum, older) => expect(isOlder(build, minimum)).toBe(older));
