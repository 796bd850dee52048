/** Judges a household by the cleaning rules with the engine that fills forms: const found = await checkHousehold(id, judge, localDay()). */
import type { Judge } from "@lib/rules";
import { instanceXmlOf, openForm } from "./engine";

/** The rules' form needs no files; its calculations answer at once. */
export const judge: Judge = async (xform, instanceXml) => {
  const { root } = await openForm({ xform, file: () => Promise.resolve(null) }, { instanceXml });
  return instanceXmlOf(root);
};
