/** The envelope of a visit: when, how, where. Taken by the page, never asked twice, never in the way. */
import type { AnyNode } from "@getodk/xforms-engine";
import type { ContactMode, Fix, VisitPlace } from "@lib/types";
import { nameOf, visitFactOf } from "./record";
import { everyNode, isQuestion } from "./tree";

export const CONTACT_MODES: readonly ContactMode[] = ["in_person", "phone", "proxy", "video"];

/** A place that a person typed because no satellite would do. Degrees as typed, WGS-84. */
export interface ManualPlace { lat: string; lon: string; reason: string }

function degrees(value: number): string {
  return value.toFixed(7);
}

function metres(value: number | null): string | null {
  return value === null ? null : value.toFixed(1);
}

function nowhere(reason: string): VisitPlace {
  return { lon: null, lat: null, accuracy_m: null, datum: "WGS84", source: "none", fix_time: null, reason };
}

/** The best fix, else the place typed by hand, else "none" with the cause. Decimals are strings (wire contract). */
export function visitPlace(fix: Fix | null, permission: string, manual: ManualPlace | null): VisitPlace {
  if (fix) {
    return {
      lon: degrees(fix.lon), lat: degrees(fix.lat), accuracy_m: metres(fix.accuracy_m), altitude_m: metres(fix.altitude_m),
      datum: "WGS84", source: "gps", fix_time: fix.time,
    };
  }
  if (manual) return { ...nowhere(manual.reason), lon: manual.lon, lat: manual.lat, source: "manual_pin" };
  return nowhere(permission === "denied" ? "permission_denied" : "no_fix");
}

/** The sharper of the visit's fix and a new one: smaller accuracy radius wins, the newer on a tie. */
export function sharperFix(kept: Fix | null, found: Fix | null): Fix | null {
  if (!kept || !found) return found ?? kept;
  return found.accuracy_m <= kept.accuracy_m ? found : kept;
}

/** A form may ask, or reckon, how the household was reached (`bind::ruhu:visit`); then the page does not ask. */
export function contactModeNode(root: AnyNode): AnyNode | null {
  const shown = everyNode(root).filter((node) => node.currentState.relevant);
  return shown.find((node) => visitFactOf(node) === "contact_mode") ?? shown.find((node) => isQuestion(node) && nameOf(node) === "contact_mode") ?? null;
}

export function contactModeOf(text: string): ContactMode | null {
  return CONTACT_MODES.find((mode) => mode === text) ?? null;
}

/** "lat lon altitude accuracy" as a form's geopoint holds it. */
export function geopointText(fix: Fix): string {
  return [fix.lat, fix.lon, fix.altitude_m ?? 0, fix.accuracy_m].map((part) => String(Number(part.toFixed(7)))).join(" ");
}
