/** Findings of the own village, or that one is sent to look at, as pages see them. */
import { computed, shallowRef } from "vue";
import { isWaiting, openFindings, type OpenFinding } from "@lib/rectification";
import { follow } from "./syncing";

export const findings = shallowRef<OpenFinding[]>([]);
/** Those in which this worker has something to do. */
export const toDo = computed(() => findings.value.filter(isWaiting));

async function load(): Promise<void> {
  findings.value = await openFindings();
}

export const followFindings = (): (() => void) => follow(["records", "outbox"], load);

export function forgetFindings(): void {
  findings.value = [];
}
