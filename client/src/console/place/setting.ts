/** Sets the place of a household: looks first whether somebody was faster, says what became of it. */
import { t } from "@lib/i18n";
import { asProblem, isNetwork } from "@lib/problem";
import { read, send } from "../api";
import { problemWords } from "../problem-words";
import { numberOf, standing } from "./placing";
import type { Draft, Places, SetAnswer } from "./wire";

export const readPlaces = (id: string): Promise<Places> => read<Places>(`/entities/${encodeURIComponent(id)}/places`);

/** What was said to be the place: a draft, or the suggestion as it is on screen. */
export type Wish = { draft: Draft } | { accept: true };
/** `places`: as they are now. `tone`: whether it needs another look. */
export interface Outcome { places: Places; said: string; tone: "done" | "look"; op: string | null }

const bodyOf = (seen: Places, wish: Wish): object =>
  "draft" in wish ? { place: { ...wish.draft, lon: wish.draft.lon.trim(), lat: wish.draft.lat.trim() } } : { accept: true, place: seen.suggestion.place };

/** One wish has one id: sent again after a lost answer, it is still one place. Throws what the network or a refusal says; a place that changed meanwhile is an outcome, with the places as they are. */
export async function setPlace(seen: Places, wish: Wish, reason: string, op: string): Promise<Outcome> {
  const path = `/entities/${encodeURIComponent(seen.entity_id)}/places`;
  const now = await readPlaces(seen.entity_id);
  if (standing(now) !== standing(seen) && !now.items.some((one) => one.op_id === op)) return { places: now, said: t("byhand.stale"), tone: "look", op: null };
  try {
    const { status } = await send<SetAnswer>(path, { ...bodyOf(seen, wish), reason, base_version: seen.version, op_id: op });
    return told(await readPlaces(seen.entity_id), status, op);
  } catch (cause) {
    if (isNetwork(cause) || ![409, 422].includes(asProblem(cause).status)) throw cause;
    return { places: await readPlaces(seen.entity_id), said: `${problemWords(cause)} ${t("byhand.reloaded")}`, tone: "look", op: null };
  }
}

function told(places: Places, status: string, op: string): Outcome {
  const item = places.items.find((one) => one.op_id === op);
  const n = numberOf(places.items, op);
  if (item?.state === "shown" && status !== "conflicted") return { places, said: t("byhand.done", { n }), tone: "done", op };
  return { places, said: t(status === "conflicted" ? "byhand.contested" : "byhand.kept"), tone: "look", op };
}
