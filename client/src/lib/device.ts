/** What the phone can say about itself, and how it asks the browser to keep its store. */

interface HighEntropy { getHighEntropyValues(names: string[]): Promise<{ model?: string; platformVersion?: string }> }

export async function describeDevice(): Promise<{ name: string; model: string }> {
  const agent = (navigator as Navigator & { userAgentData?: HighEntropy }).userAgentData;
  const model = agent ? await agent.getHighEntropyValues(["model"]).then((seen) => seen.model ?? "", () => "") : "";
  return { name: platformOf(navigator.userAgent), model: model || browserOf(navigator.userAgent) };
}

const platformOf = (agent: string): string => /\(([^;)]+)(?:;\s*([^;)]+))?/.exec(agent)?.slice(1).filter(Boolean).join(" ") ?? "browser";
const browserOf = (agent: string): string => /(?:Chrome|Firefox|Version)\/[\d.]+/.exec(agent)?.[0] ?? "unknown";

export interface StorageState { persisted: boolean; usage: number | null; quota: number | null }

export async function storageState(): Promise<StorageState> {
  const store = navigator.storage as StorageManager | undefined;
  const estimate = (await store?.estimate?.()) ?? {};
  return { persisted: (await store?.persisted?.()) ?? false, usage: estimate.usage ?? null, quota: estimate.quota ?? null };
}

/** Asks that the browser never clears the store by itself. The answer is the browser's; it is shown, not assumed. */
export async function askToPersist(): Promise<boolean> {
  const store = navigator.storage as StorageManager | undefined;
  return (await store?.persist?.()) ?? false;
}
