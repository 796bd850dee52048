/** Judges a household by the cleaning rules with the engine that fills forms: checkHousehold(id, judge, localDay()). */
import type { Judge } from "@lib/rules";
import { instanceXmlOf, openForm } from "./engine";

/**
 * The rules' form is read anew for each household: a form that was read keeps every instance that was ever made of it,
 * some 3 MB each, for as long as anybody holds it. The engine keeps its parsed expressions, so this costs little.
 */
export const judge: Judge = async (xform, instanceXml) => instanceXmlOf((await openForm({ xform, file: () => Promise.resolve(null) }, { instanceXml })).root);
