/** How far a house is. Asks nobody: it works only where the worker has already allowed the position. */
import "../i18n/words";
import { ref } from "vue";
import { metresBetween, toFix } from "@lib/capture";
import { t } from "@lib/i18n";
import type { Fix } from "@lib/types";

export const here = ref<Fix | null>(null);

export async function lookWhere(): Promise<void> {
  const permissions = navigator.permissions as Permissions | undefined;
  const state = await permissions?.query({ name: "geolocation" }).then((found) => found.state, () => "prompt");
  if (state !== "granted") return;
  navigator.geolocation.getCurrentPosition((position) => { here.value = toFix(position); }, () => undefined, { maximumAge: 120_000, timeout: 15_000 });
}

export const whereRefused = ref(false);

/** The worker asks for what is near: the browser may ask for the position now. */
export async function askWhere(): Promise<void> {
  whereRefused.value = false;
  await new Promise<void>((done) => {
    const failed = (): void => { whereRefused.value = true; done(); };
    if (!navigator.geolocation) return failed();
    navigator.geolocation.getCurrentPosition((position) => { here.value = toFix(position); done(); }, failed, { enableHighAccuracy: true, maximumAge: 120_000, timeout: 30_000 });
  });
}

/** While the map is looked at: the position follows the worker, where it was allowed. Gives the function that ends it. */
export function followWhere(): () => void {
  if (!navigator.geolocation || !here.value) return () => undefined;
  const watch = navigator.geolocation.watchPosition((position) => { here.value = toFix(position); }, () => undefined, { enableHighAccuracy: true, maximumAge: 10_000 });
  return () => navigator.geolocation.clearWatch(watch);
}

/** Null while this phone or the house has no place. */
export const metresTo = (lon: number | null, lat: number | null): number | null => (!here.value || lon === null || lat === null ? null : metresBetween(here.value, { lon, lat }));

export function distanceText(lon: number | null, lat: number | null): string {
  const metres = metresTo(lon, lat);
  if (metres === null) return "";
  return metres < 1000 ? t("distance.metres", { n: Math.round(metres / 10) * 10 }) : t("distance.kilometres", { n: (metres / 1000).toFixed(1) });
}
