import "fake-indexeddb/auto";
import { JSDOM } from "jsdom";

// The store's tests run in Node (its typed arrays, Blob and WebCrypto are the real ones); only XML parsing is jsdom's.
if (typeof globalThis.DOMParser === "undefined") {
  const { DOMParser, XMLSerializer } = new JSDOM("").window;
  Object.assign(globalThis, { DOMParser, XMLSerializer });
}

if (typeof globalThis.navigator === "undefined") Object.defineProperty(globalThis, "navigator", { value: { userAgent: "Mozilla/5.0 (Linux; Android 10; TEST)" }, configurable: true });
