/** Beside the page: the PIN is stretched here while the page opens its database and draws. */
import { compile, stretch, type Stretched } from "./argon";

export interface Asked extends Stretched { n: number; pin: string }
export interface Told { n: number; raw?: Uint8Array<ArrayBuffer> }

const page = self as unknown as { postMessage(told: Told): void; onmessage: (event: MessageEvent<Asked>) => void };
const ready = compile();

page.onmessage = async ({ data }) => {
  try {
    await ready;
    page.postMessage({ n: data.n, raw: await stretch(data.pin, data) });
  } catch {
    page.postMessage({ n: data.n }); // too little memory beside the page: the page does it itself
  }
};
