/**
 * Makes the first form open quickly: while nobody touches the phone, the engine is fetched and compiled and each form
 * is parsed once on empty lists. The engine keeps parsed expressions, so the real opening has less to do.
 */
import { availableForms, type OfferedForm } from "@lib/forms";
import { attachmentResolver, loadEngine } from "./engine";

type Idle = (work: () => void) => unknown;

const whenIdle: Idle = typeof requestIdleCallback === "function"
  ? (work) => requestIdleCallback(work, { timeout: 10_000 })
  : (work) => setTimeout(work, 2000); // Safari before 26

function idle(): Promise<void> {
  return new Promise((resolve) => void whenIdle(resolve));
}

/** Parses a form for its own sake; a form that cannot be read is told where it is opened. */
export async function warmUp(xform: string): Promise<void> {
  const { loadForm } = await loadEngine();
  const fetchFormAttachment = attachmentResolver({ file: () => Promise.resolve(null) });
  await loadForm(xform, { fetchFormAttachment, missingResourceBehavior: "BLANK" });
}

/** Parsing costs a slow phone seconds and battery: only what most days begin with. */
const WARMED = 3;
const EVERY_DAY = ["visit", "income", "contact"];
const likelyFirst = (forms: OfferedForm[]): OfferedForm[] => {
  const place = ({ settings }: OfferedForm): number => (EVERY_DAY.includes(settings.purpose) ? EVERY_DAY.indexOf(settings.purpose) : EVERY_DAY.length);
  return [...forms].sort((a, b) => place(a) - place(b));
};

/** Call it once the first screen is drawn and the store is unlocked. Never throws: without it forms open, only later. */
export async function preloadForms(): Promise<void> {
  try {
    await idle();
    await Promise.all([loadEngine(), import("./FormPage.vue")]);
    for (const form of likelyFirst(await availableForms()).slice(0, WARMED)) {
      await idle();
      await warmUp(form.xform);
    }
  } catch (cause) {
    console.warn("the form engine could not be prepared", cause);
  }
}
