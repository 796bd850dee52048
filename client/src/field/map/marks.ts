/** How a household stands, as shape and colour on the map: never by colour alone. */
import { urgency, type HouseholdLine } from "../state/households";

export const STANDINGS = ["needs", "due", "begun", "open", "done"] as const;
export type Standing = (typeof STANDINGS)[number];

/** On a grid of 24, like the icons; `fill` null: only its rim is drawn. */
export const MARKS: Record<Standing, { path: string; ink: string; fill: string }> = {
  needs: { path: "M12 2.500 22.500 21H1.500z", ink: "#ffffff", fill: "#b3261e" },
  due: { path: "M3.500 3.500h17v17h-17z", ink: "#ffffff", fill: "#b26a00" },
  begun: { path: "M12 1.500 22.500 12 12 22.500 1.500 12z", ink: "#ffffff", fill: "#1e5aa8" },
  open: { path: "M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17z", ink: "#1f6b57", fill: "#ffffff" },
  done: { path: "M12 4.500a7.500 7.500 0 1 0 0 15 7.500 7.500 0 0 0 0-15z", ink: "#ffffff", fill: "#2e7d32" },
};

/** By what the list is sorted by: what is waited for, what is late or due, what was begun, what is still to be visited, what is done. */
export function standingOf(line: HouseholdLine): Standing {
  const rank = urgency(line);
  if (rank === 0) return "needs";
  if (rank <= 2) return "due";
  if (rank === 3) return "begun";
  return rank <= 5 ? "open" : "done";
}
