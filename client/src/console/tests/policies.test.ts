import { describe, expect, it } from "vitest";
import { areaOf, held, type Policy, type PolicyVersion } from "../policies/wire";

const version = (id: string, area: string, from: string, values: Record<string, string>, until: string | null = null): PolicyVersion => ({ id, labels: null, area, from, until, status: "indicative", source: "", values });
const policy = (...versions: PolicyVersion[]): Policy => ({ name: "income", labels: {}, source: "", values: [], loaded_at: "", versions });

describe("what holds in an area on a day", () => {
  const income = policy(
    version("n1", "", "2020-01-01", { line: "6000", top: "8000" }), version("n2", "", "2024-01-01", { line: "7000", top: "9000" }),
    version("c1", "990101", "2023-01-01", { line: "7500" }, "2025-01-01"), version("other", "990102", "2020-01-01", { line: "1" }),
  );

  it("takes the latest of each area, and what the narrower does not say from the wider", () => {
    expect(held(income, "990101", "2023-06-01")).toEqual({ line: "7500", top: "8000" });
    expect(held(income, "990101", "2024-06-01")).toEqual({ line: "7500", top: "9000" });
    expect(held(income, "990101", "2025-01-01")).toEqual({ line: "7000", top: "9000" });
  });

  it("names an area by the shortest beginning of its code", () => {
    expect(["990101000000", "990101201000", "990101201005", "990000000000"].map(areaOf)).toEqual(["990101", "990101201", "990101201005", "99"]);
  });
});
