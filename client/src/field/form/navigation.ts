/** Where the reader is in a form, and every way of going elsewhere. */
import type { RepeatInstanceNode } from "@getodk/xforms-engine";
import { computed } from "vue";
import type { ComputedRef } from "vue";
import { progressOf, questionsOf, stepHolding, stepsOf } from "./steps";
import type { Mode, Progress, Step } from "./steps";
import type { FormSession } from "./session";
import { rowsAround } from "./tree";
import type { Question } from "./tree";

export interface Navigation {
  steps: ComputedRef<Step[]>;
  /** Sections, whatever the mode: for reading back. */
  sections: ComputedRef<Step[]>;
  at: ComputedRef<number>;
  step: ComputedRef<Step | undefined>;
  /** 1-based position and number of steps. */
  place: ComputedRef<{ at: number; of: number }>;
  progress: ComputedRef<Progress>;
  toStep(index: number): void;
  toQuestion(question: Question): void;
  inMode(mode: Mode): void;
  closeRow(): void;
  openSibling(row: RepeatInstanceNode): void;
}

function referenceOf(step: Step): string {
  return step.nodes[0]?.currentState.reference ?? "";
}

/** A step that went (its question is no longer relevant) leaves the reader at the one that took its place. */
function indexOf(steps: readonly Step[], position: string, last: number): number {
  const found = steps.findIndex((one) => referenceOf(one) === position);
  return found >= 0 ? found : Math.max(0, Math.min(last, steps.length - 1));
}

export function useNavigation(session: FormSession): Navigation {
  const { root, hidden, mode, position, rows, aim } = session;
  let last = 0;
  const steps = computed(() => stepsOf(root, mode.value, hidden));
  const at = computed(() => (last = indexOf(steps.value, position.value, last)));
  const questions = computed(() => questionsOf([root], hidden));

  function toStep(index: number): void {
    const step = steps.value[index];
    if (!step) return;
    position.value = referenceOf(step);
    rows.value = [];
    moved();
  }

  /** Where the reader stands is kept like an answer. */
  function moved(): void {
    aim.value = "";
    session.autosave.changed();
    void session.settle();
  }

  return {
    steps, at,
    sections: computed(() => stepsOf(root, "list", hidden)),
    step: computed(() => steps.value[at.value]),
    place: computed(() => ({ at: at.value + 1, of: steps.value.length })),
    progress: computed(() => progressOf(questions.value)),
    toStep,
    toQuestion(question) {
      toStep(stepHolding(steps.value, question));
      rows.value = rowsAround(question);
      aim.value = question.nodeId;
    },
    inMode(chosen) {
      const here = steps.value[at.value]?.nodes[0];
      mode.value = chosen;
      if (here) toStep(Math.max(0, stepHolding(steps.value, here)));
    },
    closeRow() { rows.value = rows.value.slice(0, -1); moved(); },
    openSibling(row) { rows.value = [...rows.value.slice(0, -1), row]; moved(); },
  };
}
