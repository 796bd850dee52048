/**
 * The form engine (headless) behind one door: opens a compiled form on a draft's own list rows, gives its tree with
 * reactive state, and its instance as XML. Nothing else in the app imports the engine's code.
 */
import type { FormInstanceConfig, FormLanguage, LoadFormOptions, RestoreFormInstanceInput, RootNode } from "@getodk/xforms-engine";
import { shallowReactive } from "vue";
import type { DraftForm } from "@lib/types";
import { everyNode, isShown } from "./tree";
import { violationsIn } from "./violations";
import type { Violation } from "./violations";

type Engine = typeof import("@getodk/xforms-engine");

/** Name of the instance part in the engine's form data (OpenRosa's word). */
const INSTANCE_PART = "xml_submission_file";

let engine: Promise<Engine> | null = null;

/** Fetches and compiles the engine once; call it when the app is idle, so that the first form opens quickly. */
export function loadEngine(): Promise<Engine> {
  engine ??= import("./polyfills").then(() => import("@getodk/xforms-engine")).catch((cause: unknown) => {
    engine = null; // a failed download must not stay for ever
    throw cause;
  });
  return engine;
}

export class FormUnreadable extends Error {}

export interface OpenForm {
  root: RootNode;
  /** True when the answers of an earlier session were put back. */
  restored: boolean;
}

export interface OpenOptions {
  /** Instance XML of the draft; absent: a new instance. */
  instanceXml?: string | undefined;
  /** Names of files that the draft holds. The engine gets empty stand-ins: the bytes stay in the sealed store. */
  fileNames?: readonly string[];
  username?: string;
  installId?: string;
  /** "lat lon alt accuracy" for background positions, "" when there is none. */
  position?: () => string;
  /** The form with its files, where it was read ahead. */
  loaded?: LoadedForm | null | undefined;
}

function mediaTypeOf(name: string): string {
  if (name.endsWith(".csv")) return "text/csv";
  return name.endsWith("json") ? "application/geo+json" : "text/xml";
}

/** Answers jr:// addresses from the draft's own files; what the draft does not hold is "missing", never a network call. */
export function attachmentResolver(form: Pick<DraftForm, "file">): NonNullable<LoadFormOptions["fetchFormAttachment"]> {
  return async (address) => {
    const name = decodeURIComponent(address.href.slice(address.href.lastIndexOf("/") + 1));
    const found = await form.file(name);
    if (!found) return new Response("", { status: 404 });
    const body = found.text ?? new TextDecoder().decode(found.bytes);
    return new Response(body, { status: 200, headers: { "content-type": mediaTypeOf(name) } });
  };
}

function instanceInput(xml: string, fileNames: readonly string[]): RestoreFormInstanceInput {
  const parts = new FormData();
  parts.set(INSTANCE_PART, new File([xml], INSTANCE_PART, { type: "text/xml" }));
  for (const name of fileNames) parts.set(name, new File([], name));
  return { data: [parts] } as unknown as RestoreFormInstanceInput;
}

function configOf(options: OpenOptions): FormInstanceConfig {
  const { username, installId, position } = options;
  return {
    // The engine replaces whole properties, so shallow reactivity sees every change and wraps none of its objects.
    stateFactory: shallowReactive,
    instanceAttachments: { fileNameFactory: ({ basename, extension }) => `${basename}${extension ?? ""}` },
    preloadProperties: { ...(username ? { username } : {}), ...(installId ? { deviceID: installId } : {}) },
    ...(position ? { geolocationProvider: { getLocation: () => Promise.resolve(position()) } } : {}),
  };
}

export type LoadedForm = Exclude<Awaited<ReturnType<Engine["loadForm"]>>, { status: "failure" }>;

/** Parses a form with the files it is given; throws FormUnreadable with the engine's own words. */
export async function readForm(form: Pick<DraftForm, "xform" | "file">): Promise<LoadedForm> {
  const { loadForm } = await loadEngine();
  const loaded = await loadForm(form.xform, {
    fetchFormAttachment: attachmentResolver(form),
    missingResourceBehavior: "BLANK",
  });
  if (loaded.status === "failure") throw new FormUnreadable(loaded.error.message);
  return loaded;
}

export const newInstance = (loaded: LoadedForm, options: OpenOptions = {}): RootNode => loaded.createInstance(configOf(options)).root;

/** Opens a form on the rows it is given: a new instance, or that of a draft. */
export async function openForm(form: Pick<DraftForm, "xform" | "file">, options: OpenOptions = {}): Promise<OpenForm> {
  const loaded = options.loaded ?? (await readForm(form));
  if (options.instanceXml === undefined) return { root: newInstance(loaded, options), restored: false };
  return { root: await restoredInstance(loaded, options.instanceXml, options), restored: true };
}

/** An instance of an earlier session, on a form that was read already. */
export async function restoredInstance(loaded: LoadedForm, instanceXml: string, options: OpenOptions = {}): Promise<RootNode> {
  const { root } = await loaded.restoreInstance(instanceInput(instanceXml, options.fileNames ?? []), configOf(options));
  return root;
}

/** The household was chosen outside the form: a look-up question with only that row takes it and is not shown. */
export function answerWithHousehold(root: RootNode, householdId: string): string[] {
  const hidden: string[] = [];
  for (const node of everyNode(root)) {
    if (node.nodeType !== "select" || node.selectType !== "select1" || !isShown(node)) continue;
    const options = node.currentState.valueOptions;
    if (options.length !== 1 || options[0]?.value !== householdId) continue;
    if (!node.isSelected(householdId)) node.selectValue(householdId);
    hidden.push(node.nodeId);
  }
  return hidden;
}

/** The form's language for the app's: by code ("zh", "en"), else English, else the author's first. */
export function pickLanguage(root: RootNode, wanted: string): FormLanguage | null {
  const languages = (root.languages as readonly FormLanguage[]).filter((one) => !("isSyntheticDefault" in one));
  const spelt: Record<string, RegExp> = { zh: /中文|汉语|chinese/i, en: /english/i };
  const matches = (code: string) => languages.find((one) => one.locale?.language === code || spelt[code]?.test(one.language));
  return matches(wanted) ?? matches("en") ?? languages[0] ?? null;
}

export function speak(root: RootNode, wanted: string): void {
  const language = pickLanguage(root, wanted);
  if (language && language.language !== root.currentState.activeLanguage.language) root.setLanguage(language);
}

export function instanceXmlOf(root: RootNode): string {
  return root.instanceState.instanceXML;
}

/** Exact text of meta/instanceID, "uuid:" included; "" when the form has none. */
export function instanceIdIn(xml: string): string {
  const instance = new DOMParser().parseFromString(xml, "text/xml");
  const ids = Array.from(instance.getElementsByTagNameNS("*", "instanceID"));
  return ids.find((id) => id.parentElement?.parentElement === instance.documentElement)?.textContent ?? "";
}

export type Finalised =
  | { ready: true; instanceXml: string; instanceId: string }
  | { ready: false; violations: Violation[] };

/** Violations that a person can mend, or the instance as it will be sent. */
export async function finalise(root: RootNode): Promise<Finalised> {
  // Only this call lets the engine fill what belongs to the end ("end" time).
  await root.prepareInstancePayload({ payloadType: "monolithic" });
  const violations = violationsIn(root);
  if (violations.length > 0) return { ready: false, violations };
  const instanceXml = instanceXmlOf(root);
  return { ready: true, instanceXml, instanceId: instanceIdIn(instanceXml) };
}
