import { describe, expect, it } from "vitest";

const pages = import.meta.glob<string>("./**/*.vue", { query: "?raw", import: "default", eager: true });
/** Known by the browser's own keeper of sign-ins, on purpose, or saying nothing of anybody. */
const OPEN = /autocomplete="(?:username|(?:current|new)-password)"|type="checkbox"/;

describe("fields of the phone app", () => {
  /** A browser writes what stands in other fields into its session files, unsealed, to restore a closed tab. */
  it("forbid the browser to keep what is typed in them", () => {
    const fields = Object.entries(pages).flatMap(([page, text]) =>
      [...text.matchAll(/<(?:input|textarea)\b(?:"[^"]*"|[^">])*>/g)].map(([tag]) => ({ page, tag })));
    expect(fields.length).toBeGreaterThan(12);
    expect(fields.filter(({ tag }) => !OPEN.test(tag) && !tag.includes('autocomplete="off"'))).toEqual([]);
  });
});
