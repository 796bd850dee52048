/** What a page of places works out for itself. Pure. */
import { isInside } from "../areas";
import type { LonLat } from "../map/geometry";
import type { Area } from "../wire";
import type { Role } from "@lib/types";
import type { Doubt, Draft, Placed, Places, Spot } from "./wire";

const WRITERS = ["cadre", "supervisor", "admin"];
/** Whether one of the person's roles may write in this area; the server decides again. */
export const mayPlace = (roles: Role[], areas: Area[], region: string): boolean =>
  roles.some(({ role, region: own }) => WRITERS.includes(role) && (!own || isInside(areas, region, own)));

export const lonLatOf = (spot: Spot): LonLat => [Number(spot.lon), Number(spot.lat)];
/** Seven decimals, a centimetre: what the server keeps. */
export const spotOf = ([lon, lat]: LonLat): Spot => ({ lon: lon.toFixed(7), lat: lat.toFixed(7) });

/** Places are counted from the first one on, so that a number stays when others follow. */
export const numberOf = (items: Placed[], op: string | null): number | null => {
  const at = items.findIndex((one) => one.op_id === op);
  return at < 0 ? null : items.length - at;
};

/** What of the places a person judges by: when it differs from the one on screen, somebody was faster. */
export const standing = ({ items }: Places): string => items.filter(({ state }) => state === "shown" || state === "open").map(({ op_id, state }) => `${op_id} ${state}`).sort().join();

const DEGREES = /^-?\d{1,3}(\.\d+)?$/;
const within = (text: string, most: number): boolean => DEGREES.test(text.trim()) && Math.abs(Number(text)) <= most;
/** What keeps a draft from being sent: the key of a sentence, or null. */
export function faultOf(draft: Draft, reason: string): "lon" | "lat" | "reason" | null {
  if (!within(draft.lon, 180)) return "lon";
  if (!within(draft.lat, 90)) return "lat";
  return reason.trim() ? null : "reason";
}
/** Where a draft lies on the map; null in a datum that only the server turns into WGS-84. */
export const drawn = (draft: Draft): LonLat | null => (["wgs84", "cgcs2000"].includes(draft.datum) && within(draft.lon, 180) && within(draft.lat, 90) ? lonLatOf(draft) : null);

/** The way of a shift as one of eight directions, clockwise from north. */
export const EIGHT = ["n", "ne", "e", "se", "s", "sw", "w", "nw"] as const;
export const wayOf = ({ east_m, north_m }: Pick<Doubt, "east_m" | "north_m">): (typeof EIGHT)[number] =>
  EIGHT[(Math.round((Math.atan2(east_m, north_m) * 4) / Math.PI) + 8) % 8] ?? "n";
