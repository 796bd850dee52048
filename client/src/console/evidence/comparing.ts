/** Which other photos are worth holding beside one, and which comes first. Pure. */
import type { LookWhole, Shot } from "./wire";

export type Relation = "earlier" | "later" | "other";
export interface Beside { shot: Shot; relation: Relation; same_house: boolean }

const time = (text: string | null): number => (text ? Date.parse(text) : NaN);

/** Photos that a reason names first, then the same spot: the latest before, and the others by time. */
export function besides(look: LookWhole): Beside[] {
  const named = look.others.filter((shot) => shot.id !== look.id);
  const known = new Set(named.map((shot) => shot.id));
  const taken = time(look.taken_at);
  const spot = look.same_slot.filter((shot) => !known.has(shot.id));
  const earlier = spot.filter((shot) => !(time(shot.taken_at) > taken));
  const later = spot.filter((shot) => time(shot.taken_at) > taken);
  const within = (shot: Shot): boolean => look.entity_id !== null && shot.household?.id === look.entity_id;
  return [
    ...named.map((shot) => ({ shot, relation: "other" as const, same_house: within(shot) })),
    ...earlier.map((shot) => ({ shot, relation: "earlier" as const, same_house: true })),
    ...later.map((shot) => ({ shot, relation: "later" as const, same_house: true })),
  ];
}

/** What is put beside the photo at first: its twin where one is suspected, else the last one of the same spot. */
export const firstBeside = (all: Beside[]): string | null => {
  const twin = all.find(({ shot }) => shot.codes?.some((code) => code.startsWith("DUP_")));
  return (twin ?? all.find(({ relation }) => relation === "earlier") ?? all[0])?.shot.id ?? null;
};
