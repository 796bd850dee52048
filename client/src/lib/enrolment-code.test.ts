// @vitest-environment node
import { expect, test } from "vitest";
import { enrolmentCode } from "./enrolment-code";

test.each([
  ["https://ruhu.example/#/sign-in?code=ABCD-EFGH-JKMN", { code: "ABCD-EFGH-JKMN" }],
  [" https://ruhu.example#/sign-in?code=abcdefghjkmn ", { code: "ABCDEFGHJKMN" }],
  ["abcd-efgh-jkmn", { code: "ABCD-EFGH-JKMN" }],
  ["https://other.example/#/sign-in?code=ABCD-EFGH-JKMN", { elsewhere: "other.example" }],
  ["https://ruhu.example/#/household/1?code=ABCD-EFGH-JKMN", null],
  ["https://ruhu.example/#/sign-in?code=<script>", null],
  ["https://u.example/pay/123", null],
  ["", null],
])("of %s the phone reads %o", (text, expected) => {
  expect(enrolmentCode(text, "ruhu.example")).toEqual(expected);
});
