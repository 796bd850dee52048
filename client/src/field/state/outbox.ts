/** The outbox as pages see it. */
import { ref, shallowRef } from "vue";
import { listOutbox, type OutboxCounts, type OutboxItem } from "@lib/outbox";
import { session } from "@lib/session";
import { follow } from "./syncing";

const none = (): OutboxCounts => ({ saved: 0, sent: 0, accepted: 0, needs_you: 0, photosLeft: 0 });

export const items = shallowRef<OutboxItem[]>([]);
export const counts = ref<OutboxCounts>(none());
export const draftCount = ref(0);

async function load(): Promise<void> {
  items.value = await listOutbox();
  const sums = none();
  for (const item of items.value) {
    sums[item.state] += 1;
    sums.photosLeft += item.photos.total - item.photos.sent;
  }
  counts.value = sums;
  draftCount.value = await session().db.drafts.count();
}

export const followOutbox = (): (() => void) => follow(["outbox", "drafts", "records"], load);

export function forgetOutbox(): void {
  items.value = [];
  counts.value = none();
  draftCount.value = 0;
}
