/** Findings about the own village as pages see them. */
import { computed, shallowRef } from "vue";
import { openFindings, type OpenFinding } from "@lib/rectification";
import { follow } from "./syncing";

export const findings = shallowRef<OpenFinding[]>([]);
/** Those in which the village's side has something to do. */
export const toDo = computed(() => findings.value.filter((one) => one.offers.length > 0 && one.sent === null));

async function load(): Promise<void> {
  findings.value = await openFindings();
}

export const followFindings = (): (() => void) => follow(["records", "outbox"], load);

export function forgetFindings(): void {
  findings.value = [];
}
