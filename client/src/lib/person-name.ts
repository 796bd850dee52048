/** What a person is called in the reader's language. */
import { t } from "./i18n";

/** The author of registers that an office imports; nobody can sign in as it (server/accounts/people.py). */
const IMPORTER = "import";

/** `nobody`: what stands where no person is named. */
export const personName = (person: { username?: string; display_name: string } | null | undefined, nobody = ""): string =>
  (person?.username === IMPORTER ? t("person.importer") : person?.display_name ?? nobody);
