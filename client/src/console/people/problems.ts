/** What is wrong with an invitation, by the server's code, as a sentence. */
import i18n, { t } from "@lib/i18n";

export function invitationProblem(code: string): string {
  const key = `people.problem.${code.replaceAll(".", "_")}`;
  return i18n.global.te(key) ? t(key) : code;
}
