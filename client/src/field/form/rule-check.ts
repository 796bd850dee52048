/** Judges a household by the cleaning rules with the engine that fills forms: checkHousehold(id, judge, localDay()). */
import type { Judge } from "@lib/rules";
import { instanceXmlOf, readForm, restoredInstance, type LoadedForm } from "./engine";

/** Rules change seldom and households are many: the form is read once. */
let kept: { xform: string; loaded: Promise<LoadedForm> } | null = null;

export const judge: Judge = async (xform, instanceXml) => {
  if (kept?.xform !== xform) kept = { xform, loaded: readForm({ xform, file: () => Promise.resolve(null) }) };
  return instanceXmlOf(await restoredInstance(await kept.loaded, instanceXml));
};
