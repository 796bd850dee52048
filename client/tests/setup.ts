import { webcrypto } from "node:crypto";
import "fake-indexeddb/auto";

// jsdom has no SubtleCrypto; the sealed store is tested against the real algorithms of Node.
if (!globalThis.crypto?.subtle) Object.defineProperty(globalThis, "crypto", { value: webcrypto, configurable: true });
