// @vitest-environment node
import { expect, test } from "vitest";
import { inAppOf, intentOf, lacking } from "./state/in-app";

const ANDROID = "Mozilla/5.0 (Linux; Android 10; M2006) AppleWebKit/537.36 (KHTML, like Gecko)";

test.each([
  [`${ANDROID} Version/4.0 Chrome/107.0 Mobile Safari/537.36 XWEB/5 MicroMessenger/8.0.30 Language/zh_CN`, "wechat"],
  [`${ANDROID} Chrome/107.0 Mobile wxwork/4.1 MicroMessenger/7.0.1`, "wework"],
  [`${ANDROID} Chrome/100.0 Mobile AliApp(DingTalk/7.0)`, "dingtalk"],
  [`${ANDROID} V1_AND_SQ_8.9 QQ/8.9.28`, "qq"],
  ["Mozilla/5.0 (Linux; Android 11; Pixel; wv) AppleWebKit/537.36 Version/4.0 Chrome/90.0 Mobile Safari/537.36", "other"],
])("the browser of another app is known: %s", (agent, name) => expect(inAppOf(agent)).toBe(name));

test.each([
  `${ANDROID} Chrome/120.0.0.0 Mobile Safari/537.36`, `${ANDROID} Chrome/89.0 MQQBrowser/13.1 Mobile Safari/537.36`, `${ANDROID} UCBrowser/15.0 Mobile Safari/537.36`,
])("a browser of its own is none of them: %s", (agent) => expect(inAppOf(agent)).toBe(""));

test("what is missing is named, and nothing else", () => {
  const whole = { navigator: { serviceWorker: {}, mediaDevices: {} }, indexedDB: {}, crypto: { subtle: {} } } as unknown as Window & { crypto: Crypto };
  expect(lacking(whole)).toEqual([]);
  expect(lacking({ ...whole, navigator: {}, crypto: {} } as unknown as Window & { crypto: Crypto })).toEqual(["store", "offline", "camera"]);
});

test("the way out keeps the code behind the #", () => {
  expect(intentOf("https://ruhu.example/#/sign-in?code=AB")).toBe("intent://ruhu.example/#/sign-in?code=AB#Intent;scheme=https;action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end");
});
