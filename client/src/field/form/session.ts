/** One open form: its tree, its draft, and everything the widgets share. Given to them by provide/inject. */
import type { AnyNode, RepeatInstanceNode, RootNode } from "@getodk/xforms-engine";
import { inject, ref, shallowReactive, shallowRef } from "vue";
import type { InjectionKey, Ref, ShallowRef } from "vue";
import { ENOUGH_M, watchFix } from "@lib/capture";
import type { FixWatch } from "@lib/capture";
import { formOfDraft } from "@lib/drafts";
import { isUnlocked, session as unlocked } from "@lib/session";
import type { ContactMode, Draft, DraftExtra, DraftForm, Fix } from "@lib/types";
import { takeAhead } from "./ahead";
import { autosave, SAVE_DELAY_MS } from "./autosave";
import type { Autosave, SaveState } from "./autosave";
import { carryOver } from "./carry";
import { answerWithHousehold, instanceXmlOf, openForm } from "./engine";
import { recoverFiles } from "./files";
import { storeKeeper } from "./keeper";
import type { Keeper } from "./keeper";
import { refill } from "./prefill";
import { progressOf, questionsOf } from "./steps";
import type { Mode } from "./steps";
import { sharperFix } from "./visit";
import type { ManualPlace } from "./visit";

export interface FormSession {
  draft: Draft;
  form: DraftForm;
  keeper: Keeper;
  root: RootNode;
  /** Ids of questions answered by the page. */
  hidden: ReadonlySet<string>;
  startedAt: string;
  mode: Ref<Mode>;
  /** Reference of the node on the screen: where a reopened draft continues. */
  position: Ref<string>;
  /** Rows opened on top of a step, outermost first. */
  rows: ShallowRef<readonly RepeatInstanceNode[]>;
  /** Question that was jumped to: scrolled into sight and outlined. */
  aim: Ref<string>;
  saving: Ref<SaveState>;
  autosave: Autosave;
  /** Questions whose missing answer may be pointed at. */
  insisted: Set<string>;
  /** The sharpest position of the whole visit. */
  fix: ShallowRef<Fix | null>;
  /** The position of this moment, while somebody looks for one. */
  here: ShallowRef<Fix | null>;
  permission: Ref<string>;
  manualPlace: ShallowRef<ManualPlace | null>;
  /** How the household was reached, where the form itself does not ask. */
  contactMode: Ref<ContactMode | null>;
  /** Closes what lies over the whole page (the camera), while something does. */
  overlay: ShallowRef<(() => void) | null>;
  /** Runs a change of answers and has it saved. */
  change(act: () => unknown): void;
  /** Fields in which something is typed that the engine does not know yet: each entry hands it over. */
  typing: Set<() => void>;
  /** Hands over what is being typed and stores everything now. */
  settle(): Promise<void>;
  /** Starts looking for the position, or goes on looking, until it is this exact (metres); nothing ever waits for it. */
  locate(enough_m?: number): FixWatch;
  close(): void;
}

export const SESSION: InjectionKey<FormSession> = Symbol("form session");

export function useForm(): FormSession {
  const session = inject(SESSION);
  if (!session) throw new Error("a form widget stands outside a form");
  return session;
}

/** A position is looked for this long (ms) each time: enough for a cold start, short enough for the battery. */
const LOOKING_MS = 180_000;

interface Kept { manual_place?: ManualPlace; mode?: Mode; best_fix?: Fix }

function keptIn(extra: DraftExtra): Kept {
  return extra as Kept;
}

function extraOf(session: FormSession): DraftExtra {
  const { answered, asked } = progressOf(questionsOf([session.root], session.hidden));
  return {
    position: session.position.value, started_at: session.startedAt, answered, total: asked, mode: session.mode.value,
    ...(session.contactMode.value ? { contact_mode: session.contactMode.value } : {}),
    ...(session.fix.value ? { best_fix: session.fix.value } : {}),
    ...(session.manualPlace.value ? { manual_place: session.manualPlace.value } : {}),
  };
}

function firstReference(root: RootNode): string {
  return (root.currentState.children[0] as AnyNode | undefined)?.currentState.reference ?? "";
}

/** One watch for the visit, its photos and its places: a warm receiver is exact sooner. A refusal is only noted. */
function locator(found: (watch: FixWatch) => void): { locate(enough_m?: number): FixWatch; stop(): void } {
  let watch: FixWatch | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => { clearTimeout(timer); watch?.stop(); };
  const start = (enough_m: number): FixWatch => {
    const started = watchFix(watch?.best ?? null, enough_m);
    started.onChange(() => found(started));
    found(started);
    return started;
  };
  return {
    stop,
    locate(enough_m = ENOUGH_M) {
      clearTimeout(timer);
      timer = setTimeout(stop, LOOKING_MS);
      if (!watch?.running) watch = start(enough_m);
      watch.enough_m = Math.min(watch.enough_m, enough_m);
      return watch;
    },
  };
}

function pointText(fix: Fix | null): string {
  return fix ? `${fix.lat} ${fix.lon} ${fix.altitude_m ?? 0} ${fix.accuracy_m}` : "";
}

/** For forms that note who filled them in and on which phone. */
function whoFills(): { username?: string; installId?: string } {
  if (!isUnlocked()) return {};
  const { install } = unlocked();
  return { username: install.username, installId: install.install_id };
}

/** Opens a draft where it was left, on the rows it was opened with, with the same instance. */
export const openSession = async (draft: Draft, mode: Mode): Promise<FormSession> => sessionOf(draft, await formOfDraft(draft), storeKeeper(draft.id), mode);

export async function sessionOf(draft: Draft, form: DraftForm, keeper: Keeper, mode: Mode): Promise<FormSession> {
  const kept = keptIn(draft.extra);
  const fix = shallowRef<Fix | null>(kept.best_fix ?? null);
  const fileNames = await keeper.fileNames();
  const ahead = takeAhead(draft.id);
  const { root, restored } = await openForm(form, { ...whoFills(), loaded: await ahead?.loaded, instanceXml: draft.instanceXml, fileNames, position: () => pointText(fix.value) });
  const hidden = new Set(draft.household_id === null ? [] : answerWithHousehold(root, draft.household_id));
  if (restored && draft.household_id !== null) await refill(root, form, draft.household_id, ahead?.first);
  if (!restored && draft.extra.carry) carryOver(root, draft.extra.carry);
  recoverFiles(root, fileNames);
  const saving = ref<SaveState>("saved");
  const session: FormSession = {
    draft, form, keeper, root, hidden, fix, saving,
    startedAt: draft.extra.started_at ?? new Date().toISOString(),
    mode: ref(kept.mode ?? mode),
    position: ref(draft.extra.position ?? firstReference(root)),
    rows: shallowRef([]), aim: ref(""), insisted: shallowReactive(new Set<string>()),
    permission: ref("unknown"), manualPlace: shallowRef(kept.manual_place ?? null), contactMode: ref(draft.extra.contact_mode ?? null),
    autosave: autosave(() => keeper.save(instanceXmlOf(root), extraOf(session)), (state) => { saving.value = state; }, SAVE_DELAY_MS, () => session.typing.size > 0),
    change(act) { act(); session.autosave.changed(); },
    typing: new Set(),
    settle() {
      for (const hand of [...session.typing]) hand();
      return session.autosave.flush();
    },
    here: shallowRef(null), overlay: shallowRef(null), locate: (enough_m) => location.locate(enough_m),
    close() { location.stop(); session.autosave.stop(); },
  };
  const location = locator((watch) => {
    session.here.value = watch.best;
    fix.value = sharperFix(fix.value, watch.best);
    session.permission.value = watch.permission;
  });
  location.locate();
  session.autosave.changed(); // a new instance keeps its id from the first second
  return session;
}
