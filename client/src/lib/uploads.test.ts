import { afterEach, expect, test, vi } from "vitest";
import { nextChunk, sendByTus, SILENT_MS } from "./uploads";

/** What the library would tell of an upload; `say` plays the line. */
const line = vi.hoisted(() => ({ say: null as { onProgress(sent: number): void; onSuccess(): void } | null, aborted: 0 }));
vi.mock("tus-js-client", () => ({
  DetailedError: class extends Error {},
  Upload: class {
    options: object;
    url = "/u/1";
    constructor(_file: Blob, options: { onProgress(sent: number): void; onSuccess(): void }) { this.options = options; line.say = options; }
    start(): void { /* the line says nothing by itself */ }
    async abort(): Promise<void> { line.aborted += 1; }
  },
}));
afterEach(() => vi.useRealTimers());

const KB = 1024;

test.each([
  ["a line of 16 kB/s and 600 ms takes little", 16, 3300, 16],
  ["and more when that went well", 16, 1650, 48],
  ["a good line takes the largest at once", 32, 60, 256],
  ["one in between gets what it carries in six seconds", 64, 3000, 128],
  ["a line that got worse goes back", 256, 48_000, 32],
])("%s", (_why, size, ms, next) => expect(nextChunk(size * KB, ms)).toBe(next * KB));

const send = (): Promise<void> => sendByTus(
  { blob: new Blob(["photo"]), name: "a.jpg", media_type: "image/jpeg", sha256: "00", url: "", token: null }, { onUrl: async () => undefined, onOffset: async () => undefined });

test("an upload whose line falls silent ends by itself, and goes on at the next round", async () => {
  vi.useFakeTimers();
  const sent = send();
  sent.catch(() => undefined);
  await vi.advanceTimersByTimeAsync(SILENT_MS - 1);
  line.say?.onProgress(3);
  await vi.advanceTimersByTimeAsync(SILENT_MS - 1);
  expect(line.aborted).toBe(0);
  await vi.advanceTimersByTimeAsync(2);
  expect(line.aborted).toBe(1);
  await expect(sent).rejects.toMatchObject({ code: "network.timeout" });
});

test("one that arrived is no longer watched", async () => {
  vi.useFakeTimers();
  const sent = send();
  await vi.advanceTimersByTimeAsync(1);
  line.say?.onSuccess();
  await sent;
  expect(vi.getTimerCount()).toBe(0);
});
