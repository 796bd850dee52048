/** A workflow as the server tells it: states, the steps between them, and the days of each clock. */
import { read } from "../api";
import type { Names } from "../wire";

export interface WorkflowState { name: string; labels: Names; final: boolean; clock: string | null; then: string | null }
export interface WorkflowStep { name: string; labels: Names; by: "village" | "office" | "inspection"; from: string[]; to: string; needs: string[]; bars: string[] }
export interface Workflow { labels: Names; start: string; states: WorkflowState[]; steps: WorkflowStep[]; clocks: { id: string; status: string; source: string; days: Record<string, number> } }

export const readWorkflow = (area: string | null): Promise<Workflow> => read("/findings/workflow", { region: area ?? undefined });

/** What leads out of a state: by somebody's step, or by itself when the clock has run out. */
export const outOf = (flow: Workflow, state: WorkflowState): WorkflowStep[] => flow.steps.filter((step) => step.from.includes(state.name));
