/**
 * Makes the first form open quickly: while nobody touches the phone, the engine is fetched and compiled and each form
 * is parsed once on empty lists. The engine keeps parsed expressions, so the real opening has less to do.
 */
import { getForm, offeredForms, type FormFacts } from "@lib/forms";
import { calm, idle } from "../state/calm";
import { loadEngine, newInstance, readForm, type LoadedForm } from "./engine";

/** The engine and the form's page, fetched and compiled. Never throws: what is missing is fetched where it is needed. */
export async function fetchEngine(): Promise<void> {
  try {
    await Promise.all([loadEngine(), import("./FormPage.vue")]);
  } catch (cause) {
    console.warn("the form engine could not be fetched", cause);
  }
}

/** Parses a form for its own sake; a form that cannot be read is told where it is opened. */
export const warmUp = (xform: string): Promise<LoadedForm> => readForm({ xform, file: () => Promise.resolve(null) });

/** Parsing costs a slow phone seconds and battery: only what most days begin with. */
const WARMED = 3;
const EVERY_DAY = ["visit", "income", "contact"];
const likelyFirst = (forms: FormFacts[]): FormFacts[] => {
  const place = ({ settings }: FormFacts): number => (EVERY_DAY.includes(settings.purpose) ? EVERY_DAY.indexOf(settings.purpose) : EVERY_DAY.length);
  return [...forms].sort((a, b) => place(a) - place(b));
};

/** The day begins with the visit, and that may be at once; an empty one of it, and the others, must be in nobody's way (ms untouched). */
const SOON_MS = 1500;
const CALM_MS = 15_000;

/** Where a household is open already, its own form is made ready instead. */
const isOnList = (): boolean => ["", "#/"].includes(location.hash);

/** Call it once the first screen is drawn and the store is unlocked. Never throws: without it forms open, only later. */
export async function preloadForms(): Promise<void> {
  try {
    await fetchEngine();
    for (const [place, { form_id, version }] of likelyFirst(await offeredForms()).slice(0, WARMED).entries()) {
      await (place === 0 ? idle() : calm(CALM_MS));
      const loaded = await warmUp((await getForm(form_id, version)).xform);
      if (place === 0) await calm(SOON_MS);
      if (place === 0 && isOnList()) newInstance(loaded);
    }
  } catch (cause) {
    console.warn("the form engine could not be prepared", cause);
  }
}
