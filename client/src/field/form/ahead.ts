/** A form read with its lists before it is opened: parsing it is half of what a slow phone waits for. One at a time. */
import { formOfDraft } from "@lib/drafts";
import { onSession } from "@lib/session";
import type { Draft } from "@lib/types";
import { readForm, type LoadedForm } from "./engine";
import { valuesAtFirst, type FirstValues } from "./prefill";

/** `first`: of a draft that was left, what its form had prefilled. */
interface Ahead { id: string; loaded: Promise<LoadedForm | null>; first?: Promise<FirstValues | null> }

let ahead: Ahead | null = null;
// Its lists name people.
onSession(() => { ahead = null; });

/** A form that cannot be read is told where it is opened. */
export async function readAhead(draft: Draft): Promise<void> {
  if (ahead?.id === draft.id) return;
  const form = formOfDraft(draft);
  const mine: Ahead = { id: draft.id, loaded: form.then(readForm).catch(() => null) };
  ahead = mine;
  await mine.loaded;
  const { household_id } = draft;
  if (ahead !== mine || draft.instanceXml === undefined || household_id === null) return;
  mine.first = form.then((it) => valuesAtFirst(it, household_id)).catch(() => null);
  await mine.first;
}

/** What was read for this draft; it is given once. */
export function takeAhead(draftId: string): Ahead | null {
  const found = ahead?.id === draftId ? ahead : null;
  ahead = null;
  return found;
}
