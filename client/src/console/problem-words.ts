/** A failure as a sentence for a person; the server's own words where it gave some. */
import i18n, { t } from "@lib/i18n";
import { asProblem } from "@lib/problem";

export function problemWords(cause: unknown): string {
  const problem = asProblem(cause);
  if (problem.code === "network.unreachable") return t("page.unreachable");
  if (problem.code === "network.timeout") return t("page.timeout");
  if (problem.status === 404) return t("page.gone");
  return problem.words[i18n.global.locale.value] ?? t("page.failed");
}
