/** Browsers inside other apps (WeChat and the like): they lose what a phone stores, and some cannot install or photograph. */
const KNOWN: readonly [name: string, mark: RegExp][] = [
  ["wework", /wxwork/i], ["wechat", /MicroMessenger/i], ["dingtalk", /DingTalk/i], ["feishu", /Lark|Feishu/i], ["alipay", /AlipayClient/i],
  ["qq", /\sQQ\/[\d.]+/], ["weibo", /Weibo/i], ["douyin", /aweme|BytedanceWebview/i], ["other", /;\s?wv\)/],
];

/** Which app's own browser this is; "" for a browser of its own. QQ and UC browsers are browsers of their own. */
export function inAppOf(agent: string): string {
  return KNOWN.find(([, mark]) => mark.test(agent))?.[0] ?? "";
}

/** What an in-app browser lacks of what the app needs; codes of `in_app.lacks`. */
export function lacking(at: Pick<Window, "navigator" | "indexedDB"> & { crypto?: Crypto }): string[] {
  const found: string[] = [];
  if (!at.indexedDB || !at.crypto?.subtle) found.push("store");
  if (!("serviceWorker" in at.navigator)) found.push("offline");
  if (!at.navigator.mediaDevices) found.push("camera");
  return found;
}

/** Opens the phone's own browser from within another app, where Android allows it. The address keeps what stands after #. */
export function intentOf(address: string): string {
  const { host, pathname, search, hash, protocol } = new URL(address);
  return `intent://${host}${pathname}${search}${hash}#Intent;scheme=${protocol.replace(":", "")};action=android.intent.action.VIEW;category=android.intent.category.BROWSABLE;end`;
}
