/** What a code means for the person with the phone. */
import "../i18n/words";
import i18n, { t } from "@lib/i18n";
import type { OutboxItem } from "@lib/outbox";
import { asProblem } from "@lib/problem";
import { inLanguage } from "./labels";

const key = (code: string): string => code.replace(/\./g, "_");

/** One sentence about what went wrong, and what to do; the server's own words where we have none. */
export function problemText(cause: unknown): string {
  const problem = asProblem(cause);
  const known = `problem.${key(problem.code)}`;
  if (i18n.global.te(known)) return t(known, { seconds: waitText(problem.retryAfter ?? 30) });
  if (problem.status >= 500) return t("problem.server", { code: problem.code });
  return problem.words[i18n.global.locale.value] ?? t("problem.other", { code: problem.code, detail: problem.detail });
}

const waitText = (seconds: number): string => (seconds >= 120 ? t("date.minutes", { n: Math.ceil(seconds / 60) }) : t("date.seconds", { n: seconds }));

const WORDS: Record<string, string> = { answer: "answer", contact_attempt: "contact", draft: "draft", feedback: "feedback", finding_step: "finding", resolution: "decision" };

/** What a line of the outbox is. */
export const whatText = (item: OutboxItem): string => inLanguage(item.names, t(`outbox.${WORDS[item.kind] ?? "visit"}`));

/** Why a line of the outbox is as it is. */
export function whyText(item: OutboxItem): string {
  if (item.review && item.state === "needs_you") return [t(`review.${item.review.state}`), ...item.review.comments.map((comment) => comment.text)].join(" ");
  if (item.state === "saved") return item.tries > 0 ? t("why.unanswered") : t("why.saved");
  if (item.state === "needs_you") return i18n.global.te(`why.code.${key(item.code)}`) ? t(`why.code.${key(item.code)}`) : t("why.kept", { code: item.code, detail: item.detail });
  if (item.status === "held") return t("why.held");
  if (item.photos.sent < item.photos.total) return t("why.photos", { sent: item.photos.sent, total: item.photos.total });
  return i18n.global.te(`why.${item.status}`) ? t(`why.${item.status}`) : t("why.applied");
}
