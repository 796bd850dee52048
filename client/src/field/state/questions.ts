/** Questions from the office as pages see them. */
import { computed, shallowRef } from "vue";
import { openQuestions, type OpenQuestion } from "@lib/questions";
import { follow } from "./syncing";

export const questions = shallowRef<OpenQuestion[]>([]);
/** Those that wait for this worker. */
export const unanswered = computed(() => questions.value.filter((question) => question.answer === null));
export const unread = computed(() => unanswered.value.filter((question) => !question.read).length);

async function load(): Promise<void> {
  questions.value = await openQuestions();
}

export const followQuestions = (): (() => void) => follow(["records", "outbox"], load);

export function forgetQuestions(): void {
  questions.value = [];
}
