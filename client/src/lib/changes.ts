/** Tells pages (also in other tabs) that something in the store changed. */
export type Topic = "records" | "outbox" | "drafts" | "forms";
type Listener = (topic: Topic) => void;

const listeners = new Set<Listener>();
const channel = typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel("ruhu-changes");
if (channel) channel.onmessage = (event: MessageEvent<Topic>) => tell(event.data);

function tell(topic: Topic): void {
  for (const listener of [...listeners]) listener(topic);
}

export function announce(...topics: Topic[]): void {
  for (const topic of topics) {
    tell(topic);
    channel?.postMessage(topic);
  }
}

/** Gives the function that ends the subscription. */
export function onChange(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
