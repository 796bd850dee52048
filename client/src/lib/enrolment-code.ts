/** PURE: what a scanned or typed text says of an enrolment. */
export type Scanned = { code: string } | { elsewhere: string } | null;

/** Letters and digits of a code, with or without dashes. */
const BARE = /^[A-Z0-9]{4}-?[A-Z0-9]{4}-?[A-Z0-9]{4}$/i;

/** The address that a QR code of this server holds (`…/#/sign-in?code=…`), or the code alone; null: something else. `elsewhere`: host of another server. */
export function enrolmentCode(text: string, host: string): Scanned {
  const given = text.trim();
  if (BARE.test(given)) return { code: given.toUpperCase() };
  const [address = "", page = ""] = given.split("#");
  const code = new URLSearchParams(page.split("?")[1] ?? "").get("code") ?? "";
  if (!page.startsWith("/sign-in") || !BARE.test(code)) return null;
  const there = hostOf(address);
  return there === host ? { code: code.toUpperCase() } : { elsewhere: there };
}

function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return "";
  }
}
