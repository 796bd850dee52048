import { describe, expect, it } from "vitest";
import { problemIn } from "./api";

describe("the problem in an answer", () => {
  it("keeps what is said to people apart from the fact for whoever looks into it", () => {
    const body = JSON.stringify({ code: "inspection.not_over", detail: "9", title: "还有入户没有完成。", titles: { zh: "还有入户没有完成。", en: "Some visits are still open." } });
    expect(problemIn(body, 409, "http")).toMatchObject({ code: "inspection.not_over", status: 409, detail: "9", words: { zh: "还有入户没有完成。", en: "Some visits are still open." } });
  });

  it.each(["<html>Sign in to the hotel</html>", "", "null", "[]", "7"])("is named by its status where somebody else answered: %s", (body) => {
    expect(problemIn(body, 502, "upload")).toMatchObject({ code: "upload.502", words: {}, issues: [], retryAfter: null });
  });
});
