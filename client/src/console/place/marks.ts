/** Marks of places: each state has its own shape and its number, so that none is told by colour alone. */
import type { PlaceState } from "./wire";

export type PlaceMark = PlaceState | "suggested" | "draft";

const DISC = "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18z";
export const LOOKS: Record<PlaceMark, { d: string; fill: string; stroke: string; ink: string; dash?: string }> = {
  shown: { d: "M12 2.5 2.5 10.8h2.4V21.5h14.2V10.8h2.4z", fill: "#1f6b57", stroke: "#ffffff", ink: "#ffffff" },
  open: { d: "M12 1.5 22.5 12 12 22.5 1.5 12z", fill: "#8f5500", stroke: "#ffffff", ink: "#ffffff" },
  superseded: { d: DISC, fill: "#ffffff", stroke: "#5d6963", ink: "#1d2521" },
  withdrawn: { d: DISC, fill: "#ffffff", stroke: "#5d6963", ink: "#5d6963", dash: "3 2.5" },
  suggested: { d: "M12 1.6 15 9l7.6.5-5.9 4.8 2 7.5-6.7-4.2-6.7 4.2 2-7.5L1.4 9.5 9 9z", fill: "#1e5aa8", stroke: "#ffffff", ink: "#ffffff" },
  draft: { d: "M12 23C7 16 4.5 12.6 4.5 9a7.5 7.5 0 0 1 15 0c0 3.6-2.5 7-7.5 14z", fill: "#b3261e", stroke: "#ffffff", ink: "#ffffff" },
};
